"""Alarms: raised by whatever finds something wrong, resolved by a person or by what made it right."""

from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import Actor
from accounts.errors import Conflict, Invalid
from accounts.models import User
from accounts.roles import Permission, require
from tiers.models import Alarm, AlarmKind, Order, ProviderEvent

_RAISE = """
INSERT INTO tiers_alarm (public_id, kind, subject, detail, order_id, event_id, times, resolution, raised_at, seen_at)
VALUES (%s, %s, %s, %s, %s, %s, 1, '', now(), now())
ON CONFLICT (kind, subject) WHERE resolved_at IS NULL
DO UPDATE SET times = tiers_alarm.times + 1, seen_at = now(), detail = excluded.detail
"""


def raise_alarm(
    kind: AlarmKind, subject: str, detail: str, *, order: Order | None = None, event: ProviderEvent | None = None
) -> None:
    """Raise it, or count up the one that is open already. Part of the transaction that found it, if there is one."""
    values: list[Any] = [Alarm().public_id, kind, subject, detail[:500], order and order.pk, event and event.pk]
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, values)


def was_seen_to(kind: AlarmKind, subject: str) -> bool:
    """Whether a person has resolved such an alarm, and none is open since."""
    latest = Alarm.objects.filter(kind=kind, subject=subject).order_by("-pk").first()
    return latest is not None and latest.resolved_by_id is not None


def clear_alarms(kind: AlarmKind, subject: str, resolution: str) -> None:
    """What it warned of is no longer so."""
    Alarm.objects.filter(kind=kind, subject=subject, resolved_at=None).update(
        resolved_at=Now(), resolution=resolution[:500]
    )


@transaction.atomic
def resolve_alarm(*, alarm: Alarm, resolution: str, by: User) -> Alarm:
    """A person says what was done about it."""
    require(by, Permission.PAYMENTS_MANAGE)
    if not resolution.strip():
        raise Invalid(_("Say what was done about it."), field="resolution")
    values = {"resolved_at": Now(), "resolved_by": by, "resolution": resolution.strip()[:500]}
    if not Alarm.objects.filter(pk=alarm.pk, resolved_at=None).update(**values):
        raise Conflict(_("Somebody has resolved this alarm already."))
    actor: Actor = by
    audit.record("alarm.resolved", alarm, by=actor, workspace=None, reason=resolution.strip())
    return Alarm.objects.get(pk=alarm.pk)
