"""Announcing what this storey adds: an alarm when Redis hears nothing."""

from typing import Any

from django.db import transaction

from accounts import announcing
from tiers.actions.alarms import clear_alarms, raise_alarm
from tiers.models import AlarmKind

_SUBJECT = "redis"


def sweep() -> int:
    """Tell whatever Redis does not know yet; then there is nothing left to be warned of. Raises RedisError."""
    swept = announcing.sweep()
    clear_alarms(AlarmKind.NOT_ANNOUNCED, _SUBJECT, "Redis is told again.")
    return swept


def warn_of_silence(*, seconds: int, **_values: Any) -> None:
    """Calls are decided rightly without Redis, but whoever revokes something waits longer to see it hold."""
    with transaction.atomic():
        raise_alarm(AlarmKind.NOT_ANNOUNCED, _SUBJECT, f"Redis could not be told of changes for {seconds} s.")


announcing.silence.connect(warn_of_silence)
