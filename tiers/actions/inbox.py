"""The event inbox: a provider's message is stored first, then applied, by the same request or by whoever comes next."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import clock
from accounts.audit import Actor
from tiers.actions.alarms import raise_alarm
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
    event, is_new = ProviderEvent.objects.get_or_create(
        provider=name,
        source=source,
        event_id=received.event_id,
        defaults={
            "kind": received.kind[:100],
            "order": _order_of(name, source, received.reference),
            "body": received.body,
            "headers": dict(received.headers),
            "received_at": at or clock.now(),
        },
    )
    if not is_new:
        ProviderEvent.objects.filter(pk=event.pk).update(repeats=F("repeats") + 1)
    return event


def _order_of(name: str, source: str, reference: str) -> Order | None:
    if not reference:
        return None
    if name == Provider.STANDARD:
        return Order.objects.get_or_create(provider=name, source=source, reference=reference)[0]
    return Order.objects.filter(provider=name, source=source, reference=reference).first()


def handle_event(*, event: ProviderEvent, by: Actor, again: bool = False) -> ProviderEvent:
    """Apply a stored message, unless that was done; with `again`, all the same (a person replays it).

    What fails is kept, with the error, for the sweep, and raised."""
    event.refresh_from_db()
    if event.handled_at is not None and not again:
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
