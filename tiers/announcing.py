"""Announcing what this storey adds: the catalogue's version, and an alarm when Redis hears nothing."""

from typing import Any

from django.db import transaction

from accounts import announcing
from tiers.actions.alarms import clear_alarms, raise_alarm
from tiers.models import AlarmKind, CatalogueVersion

# The catalogue's version is told like a workspace's, by a name that no public id can be.
CATALOGUE = "catalogue"
_SUBJECT = "redis"


def announce_catalogue() -> None:
    """Tell Redis in 50 ms or not at all. For `on_commit`."""
    announcing.announce_versions(_catalogue())


def sweep() -> int:
    """Tell whatever Redis does not know yet, the catalogue's version always. Raises RedisError."""
    announcing.tell(_catalogue())
    swept = announcing.sweep()
    clear_alarms(AlarmKind.NOT_ANNOUNCED, _SUBJECT, "Redis is told again.")
    return swept


def _catalogue() -> dict[str, int]:
    version = CatalogueVersion.objects.filter(pk=1).values_list("version", flat=True).first()
    return {CATALOGUE: version or 1}


def warn_of_silence(*, seconds: int, **_values: Any) -> None:
    """Calls are decided rightly without Redis, but whoever revokes something waits longer to see it hold."""
    with transaction.atomic():
        raise_alarm(AlarmKind.NOT_ANNOUNCED, _SUBJECT, f"Redis could not be told of changes for {seconds} s.")


announcing.silence.connect(warn_of_silence)
