"""Alarms as staff see them: what each means, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tiers.models import Alarm, AlarmKind

OPEN, RESOLVED = "open", "resolved"
MEANINGS: Final[dict[str, Promise]] = {
    AlarmKind.EVENT_SET_ASIDE: _(
        "A provider told of something that does not fit: a workspace or product that does not exist, another price or "
        "currency. It granted nothing. Correct it at the provider, or add what is missing and replay the message."
    ),
    AlarmKind.EVENT_FAILING: _(
        "A stored message failed five times, so somebody should look at its error. It is tried again meanwhile."
    ),
    AlarmKind.UNFULFILLED: _(
        "Money was received, but it opens nothing. Give it back, or record what was given instead."
    ),
    AlarmKind.REFUND_FAILED: _("A refund was asked for, and the provider did not make it. Look there for the reason."),
    AlarmKind.PAID_WITHOUT_GRANT: _("An order is paid, but nothing is open for it. Ask its provider once more."),
    AlarmKind.GRANT_WITHOUT_PAYMENT: _("Something is open because of an order that is not paid."),
    AlarmKind.AMOUNTS_DISAGREE: _("The provider's sum and ours differ. Compare the order's events with the provider."),
    AlarmKind.PROVIDER_UNREACHABLE: _(
        "The provider does not answer. Buyers who come back wait; nothing is lost, and it is asked again by itself."
    ),
    AlarmKind.NOT_ANNOUNCED: _(
        "Redis could not be told of changes. What is given works at once all the same; what is revoked may go on for "
        "30 seconds."
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    alarm: Alarm

    @property
    def meaning(self) -> Promise:
        return MEANINGS[self.alarm.kind]


def alarms(state: str, kind: str) -> QuerySet[Alarm]:
    found = Alarm.objects.select_related("order", "event", "resolved_by").defer("event__body", "event__headers")
    found = found.filter(resolved_at__isnull=state != RESOLVED)
    return found.filter(kind=kind) if kind in AlarmKind.values else found


def rows(found: Iterable[Alarm]) -> list[Row]:
    return [Row(alarm) for alarm in found]
