"""The event inbox as staff see it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Q, QuerySet

from accounts.activity import Entry, entries
from accounts.ids import is_public_id
from accounts.models import AuditEvent
from tiers.models import Alarm, Grant, InboxState, Order, OrderEvent, ProviderEvent
from tiers.money import price
from tiers.selectors.message_bodies import Body, headers, readable

MOST_NAMED: Final = 100
UNHANDLED: Final = "unhandled"
TONES: Final = {
    InboxState.RECEIVED: "info",
    InboxState.APPLIED: "ok",
    InboxState.IGNORED: "mute",
    InboxState.SET_ASIDE: "warn",
    InboxState.FAILED: "bad",
}
MOST_CHANGES: Final = 50
_LONGEST_TRANSACTION: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; empty filters nothing. `kind` may be the beginning of one, such as `order.`."""

    state: str = ""
    provider: str = ""
    source: str = ""
    kind: str = ""
    find: str = ""

    @property
    def any(self) -> bool:
        return bool(self.provider or self.source or self.kind or self.find)


@dataclass(frozen=True, slots=True)
class Row:
    event: ProviderEvent

    @property
    def tone(self) -> str:
        return TONES[InboxState(self.event.state)]

    @property
    def took(self) -> int | None:
        """Milliseconds from the receipt until it was handled, None while it is not."""
        if self.event.handled_at is None:
            return None
        return round((self.event.handled_at - self.event.received_at) / timedelta(milliseconds=1))


def events(filters: Filters) -> QuerySet[ProviderEvent]:
    """Without the bodies, which may be large."""
    found = ProviderEvent.objects.select_related("order").defer("body", "headers")
    if filters.state == UNHANDLED:
        found = found.filter(handled_at=None)
    elif filters.state:
        found = found.filter(state=filters.state)
    if filters.provider:
        found = found.filter(provider=filters.provider)
    if filters.source:
        found = found.filter(source=filters.source)
    if filters.kind:
        found = found.filter(kind__startswith=filters.kind)
    return found.filter(_about(filters.find))


def _about(text: str) -> Q:
    """By the provider's id of the message, ours, or either id of its order; whole ids, so that an index finds them."""
    if not text:
        return Q()
    messages = ProviderEvent.objects.filter(event_id=text).values_list("pk", flat=True)[:MOST_NAMED]
    orders = Order.objects.filter(reference=text).values_list("pk", flat=True)[:MOST_NAMED]
    found = Q(pk__in=list(messages)) | Q(order_id__in=list(orders))
    if is_public_id(text):
        found |= Q(public_id=text) | Q(order__public_id=text)
    return found


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an order's set of events. `problem`: why it is set aside, where it is."""

    event: OrderEvent
    problem: str = ""

    @property
    def amount(self) -> str:
        """What it says was paid or given back, as people write it."""
        minor = self.event.refund_amount if self.event.refund_amount is not None else self.event.amount
        return price(minor, self.event.currency) if minor is not None and self.event.currency else str(minor or "")


@dataclass(frozen=True, slots=True)
class Detail:
    """One message with what it changed. `joined`: the members it added to its order's set of events."""

    row: Row
    body: Body
    headers: list[tuple[str, str]]
    joined: list[Member]
    changed: list[Entry]
    alarms: list[Alarm]


def detail(event: ProviderEvent) -> Detail:
    return Detail(
        row=Row(event),
        body=readable(bytes(event.body)),
        headers=headers(event.headers),
        joined=[Member(member) for member in event.order_events.order_by("pk")],
        changed=entries(_changed(event)),
        alarms=list(event.alarms.order_by("-pk")[:10]),
    )


def _changed(event: ProviderEvent) -> list[AuditEvent]:
    """What was recorded of its order and that order's grants by the transaction that handled it: audit events of one
    transaction have one time, that at which it began, and the order was locked until it ended."""
    if event.order is None or event.handled_at is None:
        return []
    grants = Grant.objects.filter(order=event.order).values_list("public_id", flat=True)
    about = Q(subject_type="Order", subject_id=event.order.public_id)
    about |= Q(subject_type="Grant", subject_id__in=list(grants))
    since = max(event.received_at, event.handled_at - _LONGEST_TRANSACTION)
    found = AuditEvent.objects.filter(about, at__gte=since, at__lte=event.handled_at).select_related("actor")
    events = list(found.order_by("-at", "pk")[:MOST_CHANGES])
    return [changed for changed in events if changed.at == events[0].at]
