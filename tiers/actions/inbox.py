"""The event inbox: a provider's message is stored first, then applied, by the same request or by whoever comes next."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.audit import Actor
from tiers.actions.alarms import clear_alarms, raise_alarm
from tiers.actions.orders import sync_order
from tiers.models import AlarmKind, InboxState, Order, Provider, ProviderEvent
from tiers.payments import Received, Unusable, provider

log = structlog.get_logger(__name__)
# An event that failed so often waits for a person; until then the sweep tries it again.
MANY_ATTEMPTS = 5
# Who sends what is of no order, and who applies it: a storey above.
_appliers: dict[str, Callable[[ProviderEvent], None]] = {}


def apply_by(name: str, applier: Callable[[ProviderEvent], None]) -> None:
    """Messages of this sender are applied by that function, as often as they are tried: it must not mind."""
    _appliers[name] = applier


@transaction.atomic
def store_event(*, name: str, source: str, received: Received, at: datetime | None = None) -> ProviderEvent:
    """Keep a verified message, once. The same message again is counted on the row that there is.

    An order of a shop outside begins with the first message that names it; all other orders are ours already."""
    named = ProviderEvent.objects.filter(provider=name, source=source, event_id=received.event_id)
    event = named.first()
    if event is not None:
        return _came_again(event, received)
    new = ProviderEvent(
        provider=name,
        source=source,
        event_id=received.event_id,
        kind=received.kind[:100],
        order=_order_of(name, source, received.reference),
        body=received.body,
        headers=dict(received.headers),
        **({} if at is None else {"received_at": at}),
    )
    ProviderEvent.objects.bulk_create([new], ignore_conflicts=True)
    event = named.get()
    return event if event.public_id == new.public_id else _came_again(event, received)


def _came_again(event: ProviderEvent, received: Received) -> ProviderEvent:
    """Of those who only tell, another message under the same id is a fault of theirs, and may be lost money."""
    ProviderEvent.objects.filter(pk=event.pk).update(repeats=F("repeats") + 1)
    tells = event.provider in _appliers or not provider(event.provider).ASKS
    if tells and bytes(event.body) != received.body:
        said = "came again with another body, which was not kept"
        raise_alarm(AlarmKind.EVENT_SET_ASIDE, event.public_id, said, order=event.order, event=event)
    return event


def _order_of(name: str, source: str, reference: str) -> Order | None:
    if not reference:
        return None
    named = Order.objects.filter(provider=name, source=source, reference=reference)
    order = named.first()
    if order is None and name == Provider.STANDARD:
        Order.objects.bulk_create([Order(provider=name, source=source, reference=reference)], ignore_conflicts=True)
        order = named.get()
    return order


def handle_event(*, event: ProviderEvent, by: Actor, again: bool = False) -> ProviderEvent:
    """Apply a stored message, unless that was done; with `again`, all the same (a person replays it).

    What fails is kept, with the error, for the sweep, and raised."""
    if again:
        _reopen(event)
    if event.handled_at is not None:
        return event
    try:
        if event.provider in _appliers:
            _appliers[event.provider](event)
            _settle(event, InboxState.APPLIED)
        else:
            _apply_to_order(event, by)
    except Exception as error:
        _note_failure(event, error)
        raise
    event.refresh_from_db()
    return event


def _apply_to_order(event: ProviderEvent, by: Actor) -> None:
    if event.order_id is None:
        _find_order(event)
    if event.order_id is None:
        _settle_without_order(event)
    else:
        sync_order(pk=event.order_id, ask=provider(event.provider).ASKS, by=by)


def _reopen(event: ProviderEvent) -> None:
    """It is read again from its body: the fault may have been ours."""
    ProviderEvent.objects.filter(pk=event.pk).update(state=InboxState.RECEIVED, handled_at=None)
    event.refresh_from_db()


def _find_order(event: ProviderEvent) -> None:
    reference = provider(event.provider).locate(event)
    order = _order_of(Provider(event.provider), event.source, reference)
    if order is not None:
        ProviderEvent.objects.filter(pk=event.pk, order=None).update(order=order)
        event.refresh_from_db()


@transaction.atomic
def _settle_without_order(event: ProviderEvent) -> None:
    """A message of no order: nothing of ours, unless it says something of an order without naming one."""
    try:
        error = "names no order of ours" if provider(event.provider).events(event) else ""
    except Unusable as unusable:
        error = str(unusable)
    _settle(event, InboxState.SET_ASIDE if error else InboxState.IGNORED, error)
    if error:
        raise_alarm(AlarmKind.EVENT_SET_ASIDE, event.public_id, error, event=event)
    elif event.attempts:
        clear_alarms(AlarmKind.EVENT_SET_ASIDE, event.public_id, "It concerns no order.")
        clear_alarms(AlarmKind.EVENT_FAILING, event.public_id, "It concerns no order.")


def _settle(event: ProviderEvent, state: InboxState, error: str = "") -> None:
    ProviderEvent.objects.filter(pk=event.pk).update(
        state=state, attempts=F("attempts") + 1, error=error[:500], handled_at=Now()
    )


def _note_failure(event: ProviderEvent, error: Exception) -> None:
    """In a transaction of its own, since that of the attempt is gone. One that was handled meanwhile stays so."""
    said = f"{type(error).__name__}: {error}"[:500]
    log.error("provider_event_failed", event_id=event.public_id, error=said)
    with transaction.atomic():
        ProviderEvent.objects.filter(pk=event.pk, handled_at=None).update(
            state=InboxState.FAILED, attempts=F("attempts") + 1, error=said
        )
        if event.attempts + 1 >= MANY_ATTEMPTS:
            raise_alarm(AlarmKind.EVENT_FAILING, event.public_id, said, event=event)
