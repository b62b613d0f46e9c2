"""The messages of one order: which of them are to be read, what they add to the set of its events, and what is said of
each once the order was brought to it. In the transaction of `sync_order`, with the order locked."""

from collections.abc import Collection, Iterable
from dataclasses import asdict

from django.db.models import F, Q
from django.db.models.functions import Now

from tiers.actions.alarms import clear_alarms, raise_alarm
from tiers.models import AlarmKind, InboxState, Order, OrderEvent, ProviderEvent
from tiers.order_states import Derived, Event
from tiers.payments import Unusable, provider


def unhandled(pk: int) -> list[int]:
    return list(ProviderEvent.objects.filter(order=pk, handled_at=None).values_list("pk", flat=True))


def messages_of(order: Order, heard: Collection[int]) -> tuple[list[ProviderEvent], list[ProviderEvent]]:
    """Those that this sync may call handled, and those that were set aside before. Where messages are but a hint, only
    the ones that were here before the provider was asked may be: what came in meanwhile may be of a later truth, and
    has to ask for itself."""
    doubtful = ProviderEvent.objects.filter(Q(handled_at=None) | Q(state=InboxState.SET_ASIDE), order=order)
    found = list(doubtful.order_by("pk"))
    hints = provider(order.provider).ASKS
    waiting = [message for message in found if message.handled_at is None and (not hints or message.pk in heard)]
    return waiting, [message for message in found if message.handled_at is not None]


def join(order: Order, events: Iterable[Event], inbox: ProviderEvent | None = None) -> None:
    rows = [OrderEvent(order=order, inbox=inbox, **asdict(event)) for event in events]
    OrderEvent.objects.bulk_create(rows, ignore_conflicts=True)


def join_messages(order: Order, messages: Iterable[ProviderEvent]) -> dict[int, str]:
    """Add what the stored messages say; of those that say nothing usable, why."""
    unusable: dict[int, str] = {}
    for message in messages:
        try:
            join(order, provider(message.provider).events(message), message)
        except Unusable as error:
            unusable[message.pk] = str(error)
    return unusable


def mark(
    order: Order, waiting: list[ProviderEvent], unusable: dict[int, str], rows: list[OrderEvent], derived: Derived
) -> None:
    """Say of each message what became of it."""
    for message in waiting:
        said = _said_by(message, rows)
        known = bool(said) or provider(message.provider).ASKS or _was_fetched(message, rows)
        _settle(order, message, unusable.get(message.pk, _what_is_wrong(said, derived)), known=known)


def mark_again(order: Order, aside: list[ProviderEvent], rows: list[OrderEvent], derived: Derived) -> None:
    """One that was set aside may come right, when a product is added later, and one that was applied may turn out to be
    of another order than it seemed, when an earlier one arrives."""
    known = {message.pk for message in aside}
    doubtful = {row.inbox_id for row in rows if row.inbox_id is not None and row.key in derived.set_aside} - known
    applied = ProviderEvent.objects.filter(pk__in=doubtful, handled_at__isnull=False) if doubtful else ()
    for message in (*aside, *applied):
        said = _said_by(message, rows)
        error = _what_is_wrong(said, derived) if said else message.error
        if bool(error) != (message.state == InboxState.SET_ASIDE):
            _settle(order, message, error, known=True)


def _said_by(message: ProviderEvent, rows: list[OrderEvent]) -> list[str]:
    """The keys of what it added to the order's events."""
    return [row.key for row in rows if row.inbox_id == message.pk]


def _was_fetched(message: ProviderEvent, rows: list[OrderEvent]) -> bool:
    """Whether we had asked, and knew what it says, before it came."""
    return any(row.inbox_id is None and row.key == message.event_id for row in rows)


def _what_is_wrong(keys: Iterable[str], derived: Derived) -> str:
    problems = [derived.set_aside[key] for key in keys if key in derived.set_aside]
    return str(problems[0].label) if problems else ""


def _settle(order: Order, message: ProviderEvent, error: str, *, known: bool) -> None:
    state = InboxState.SET_ASIDE if error else InboxState.APPLIED if known else InboxState.IGNORED
    ProviderEvent.objects.filter(pk=message.pk).update(
        state=state, error=error[:500], attempts=F("attempts") + 1, handled_at=Now()
    )
    if error:
        raise_alarm(AlarmKind.EVENT_SET_ASIDE, message.public_id, error, order=order, event=message)
    elif message.attempts:
        clear_alarms(AlarmKind.EVENT_SET_ASIDE, message.public_id, "It was applied.")
        clear_alarms(AlarmKind.EVENT_FAILING, message.public_id, "It was applied.")
