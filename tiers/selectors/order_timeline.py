"""An order's story to the millisecond: paid at the provider, heard of by us, committed with its grant, and again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import AuditEvent
from tiers.models import EventKind, Holds, InboxState, Order, OrderEvent, OrderState, Provider, ProviderEvent
from tiers.money import price

MOST_SHOWN: Final = 100
# A longer silence begins a new chapter: what comes is told from its own first moment.
CHAPTER: Final = timedelta(minutes=1)
# What one transaction writes is written within this time; a change of the order is placed at its first event's row.
_SAME_TRANSACTION: Final = timedelta(seconds=10)

_AT_PROVIDER: Final[dict[str, Promise]] = {
    EventKind.CREATED: gettext_lazy("Ordered"),
    EventKind.PENDING: gettext_lazy("Payment under way"),
    EventKind.PAID: gettext_lazy("Paid at the provider"),
    EventKind.RENEWED: gettext_lazy("Renewal paid at the provider"),
    EventKind.FAILED: gettext_lazy("Payment failed at the provider"),
    EventKind.EXPIRED: gettext_lazy("Checkout expired"),
    EventKind.CANCELLED: gettext_lazy("Cancelled"),
    EventKind.RESUMED: gettext_lazy("Resumed"),
    EventKind.PAST_DUE: gettext_lazy("Renewal failed at the provider"),
    EventKind.REFUNDED: gettext_lazy("Refunded at the provider"),
    EventKind.DISPUTED: gettext_lazy("Disputed by the card holder"),
    EventKind.DISPUTE_CLOSED: gettext_lazy("Dispute decided"),
    EventKind.CREDITED: gettext_lazy("Credited by the staff"),
}
# From these on it counts how long it took us.
_BEGIN: Final = frozenset({EventKind.PAID, EventKind.RENEWED, EventKind.REFUNDED, EventKind.DISPUTED})
_GRANT: Final[dict[str, Promise]] = {
    "grant.given": gettext_lazy("grant %(grant)s made"),
    "grant.moved": gettext_lazy("grant %(grant)s changed"),
    "grant.suspended": gettext_lazy("grant %(grant)s suspended"),
    "grant.resumed": gettext_lazy("grant %(grant)s restored"),
    "grant.revoked": gettext_lazy("grant %(grant)s closed"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """`since`: how long after the first step of its chapter; None begins one, as `begins` demands. `timed` is false for
    what is counted and not timed."""

    at: datetime
    tone: str
    title: str
    detail: str = ""
    since: timedelta | None = None
    timed: bool = True
    begins: bool = False

    @property
    def clock(self) -> str:
        """The time of day, UTC, to the millisecond."""
        return f"{self.at.astimezone(UTC):%H:%M:%S}.{self.at.microsecond // 1000:03}"

    @property
    def offset(self) -> str:
        """`+74 ms`, `+2,140 ms`."""
        return f"+{round((self.since or timedelta()) / timedelta(milliseconds=1)):,} ms"


@dataclass(frozen=True, slots=True)
class Story:
    """`allowed_in`: from the payment to the commit after which calls are allowed. `ours`: the part of it after the
    provider's message was received, or its answer. None where nothing was given."""

    steps: list[Step]
    allowed_in: timedelta | None = None
    ours: timedelta | None = None


def story(order: Order) -> Story:
    """Three queries. The order has `created_by` joined."""
    events = list(order.events.select_related("inbox").order_by("pk")[:MOST_SHOWN])
    messages = list(order.inbox.order_by("pk")[:MOST_SHOWN])
    audited = list(_audited(order))
    steps = [*_told(order, events), *_received(messages), *_committed(audited, events)]
    return Story([*_in_chapters(steps), *_announced(order)], *_figures(events))


def _audited(order: Order) -> Iterable[AuditEvent]:
    """The order's own events; what was done to its grants is recorded just before, in the same transaction."""
    found = AuditEvent.objects.filter(workspace=order.workspace_id, subject_type="Order", subject_id=order.public_id)
    of_grants = AuditEvent.objects.filter(
        workspace=order.workspace_id, subject_type="Grant", subject_id__in=order.grants.values("public_id")
    )
    return (found | of_grants).order_by("id")[:MOST_SHOWN]


def _happened_at(event: OrderEvent) -> datetime:
    return min(event.at, event.received_at)


def _told(order: Order, events: Iterable[OrderEvent]) -> Iterable[Step]:
    for event in events:
        by_us = order.provider == Provider.MANUAL and event.kind != EventKind.CREATED
        title = _("Recorded by the staff: %(what)s") if by_us else "%(what)s"
        detail = _detail(order, event)
        title %= {"what": _AT_PROVIDER[EventKind(event.kind)]}
        yield Step(_happened_at(event), _tone(event.kind), title, detail, begins=event.kind in _BEGIN)
        if event.inbox_id is None and event.kind != EventKind.CREATED and not by_us:
            yield Step(event.received_at, "info", _("The provider was asked, and said so"), _("no message was needed"))


def _tone(kind: str) -> str:
    if kind in {EventKind.FAILED, EventKind.DISPUTED, EventKind.PAST_DUE}:
        return "bad"
    return "warn" if kind in {EventKind.REFUNDED, EventKind.CANCELLED, EventKind.EXPIRED} else "info"


def _detail(order: Order, event: OrderEvent) -> str:
    if event.kind == EventKind.CREATED:
        return _("by %(name)s") % {"name": order.created_by.display_name} if order.created_by else ""
    if event.kind == EventKind.REFUNDED and event.refund_amount is not None:
        offer = order.version or order.quoted
        currency = event.currency or (offer.currency if offer else "")
        return price(event.refund_amount, currency) if currency else ""
    if event.kind == EventKind.DISPUTE_CLOSED:
        return event.get_outcome_display()
    return price(event.amount, event.currency) if event.amount is not None and event.currency else ""


def _received(messages: Iterable[ProviderEvent]) -> Iterable[Step]:
    for message in messages:
        yield _message(message)
        if message.repeats:
            detail = ngettext(
                "%(count)d time more; known already, nothing done",
                "%(count)d times more; known already, nothing done",
                message.repeats,
            ) % {"count": message.repeats}
            yield Step(message.handled_at or message.received_at, "mute", _("Same event again"), detail, timed=False)


def _message(message: ProviderEvent) -> Step:
    name = {"event": message.public_id}
    if message.state == InboxState.IGNORED:
        detail = _("kept in the event inbox as %(event)s; known already, nothing done") % name
        return Step(message.received_at, "mute", _("Event received, signature good"), detail)
    if message.state == InboxState.SET_ASIDE:
        detail = _("kept in the event inbox as %(event)s; it does not fit this order, and the staff look at it") % name
    elif message.handled_at is None:
        detail = _("kept in the event inbox as %(event)s; not applied yet, it is tried again") % name
    else:
        detail = _("kept in the event inbox as %(event)s") % name
    return Step(message.received_at, "info", _("Event received, signature good"), detail)


def _committed(audited: Iterable[AuditEvent], events: list[OrderEvent]) -> Iterable[Step]:
    """Each change of the order, with what it did to its grant."""
    grants: list[AuditEvent] = []
    for event in audited:
        if event.subject_type == "Grant":
            grants.append(event)
        elif event.action == "order.changed":
            before, after = event.before.get("state", ""), event.after.get("state", "")
            done = [str(_GRANT[g.action]) % {"grant": g.subject_id} for g in grants if g.action in _GRANT]
            if done or before != after:
                yield _change(_place(event.at, events), after, done)
            grants = []


def _announced(order: Order) -> Iterable[Step]:
    """Whether the caches of gateways know of it by now; a call is allowed without, since a refusal is checked again."""
    workspace = order.workspace
    if workspace is None or order.holds == Holds.NOTHING:
        return
    version = {"version": workspace.rights_version}
    if workspace.is_told:
        yield Step(
            order.changed_at, "ok", _("Every gateway told"), _("rights version %(version)d") % version, timed=False
        )
    else:
        detail = _("rights version %(version)d is announced again; what was bought works meanwhile") % version
        yield Step(order.changed_at, "info", _("Not every gateway told yet"), detail, timed=False)


def _place(at: datetime, events: list[OrderEvent]) -> datetime:
    """An audit event bears the time at which its transaction began; the rows that it wrote, when they were written."""
    for event in events:
        if at <= event.recorded_at <= at + _SAME_TRANSACTION:
            handled = event.inbox.handled_at if event.inbox else None
            is_same = handled is not None and event.recorded_at <= handled <= at + _SAME_TRANSACTION
            return handled if handled is not None and is_same else event.recorded_at
    return at


def _change(at: datetime, state: str, done: list[str]) -> Step:
    label = OrderState(state).label if state in OrderState.values else state
    title = _("Order %(state)s") % {"state": label}
    if not done:
        return Step(at, "mute", title)
    tone = "ok" if state in {OrderState.PAID, OrderState.ACTIVE, OrderState.DISPUTE_WON} else "warn"
    return Step(at, tone, f"{title}, {', '.join(done)}", _("one transaction; the next call at any gateway goes by it"))


def _figures(events: list[OrderEvent]) -> tuple[timedelta | None, timedelta | None]:
    """Of the first payment: from it to the commit, and from when we heard of it."""
    payments = [event for event in events if event.kind in {EventKind.PAID, EventKind.RENEWED}]
    if not payments:
        return None, None
    first = min(payments, key=_happened_at)
    handled = first.inbox.handled_at if first.inbox else None
    close = handled is not None and handled - first.recorded_at < _SAME_TRANSACTION
    committed = handled if handled is not None and close else first.recorded_at
    return committed - _happened_at(first), committed - min(first.received_at, committed)


def _in_chapters(steps: Iterable[Step]) -> list[Step]:
    told: list[Step] = []
    begun = last = None
    for step in sorted(steps, key=lambda step: (step.at, not step.timed)):
        if begun is None or last is None or step.begins or step.at - last > CHAPTER:
            begun = step.at
            told.append(step)
        else:
            told.append(replace(step, since=step.at - begun))
        last = step.at
    return told
