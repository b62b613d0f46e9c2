"""The event inbox: a provider's message is stored first, then applied, by the same request or by whoever comes next."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final

import pgtrigger
import structlog
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.audit import Actor
from accounts.ids import new_public_id
from tiers.actions.alarms import clear_alarms, raise_alarm
from tiers.actions.orders import sync_order
from tiers.models import AlarmKind, InboxState, Order, Provider, ProviderEvent
from tiers.payments import Received, Unusable, provider

log = structlog.get_logger(__name__)
# An event that failed so often waits for a person; until then the sweep tries it again.
MANY_ATTEMPTS = 5
# Among the headers of a message of which a text was erased.
ERASED: Final = "erased"
_OUTCOME: Final = ("state", "attempts", "error", "handled_at")
# Who sends what is of no order, and who applies it: a storey above.
_appliers: dict[str, Callable[[ProviderEvent], None]] = {}

# One statement each, whether it is new or not. Of a message that came before, the row that there is, counted on.
_KEEP: Final = """
INSERT INTO tiers_providerevent (public_id, provider, source, event_id, kind, order_id, body, headers, state, attempts,
                                 error, repeats, received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'received', 0, '', 0, coalesce(%s, statement_timestamp()))
ON CONFLICT (provider, source, event_id) DO UPDATE SET repeats = tiers_providerevent.repeats + 1
RETURNING *
"""
_BEGIN: Final = """
WITH made AS (
    INSERT INTO tiers_order
        (public_id, provider, source, reference, state, holds, refunded, problem, note, checkout_url)
    VALUES (%s, %s, %s, %s, 'created', 'nothing', 0, '', '', '')
    ON CONFLICT (provider, source, reference) DO NOTHING RETURNING id
)
SELECT id FROM made UNION ALL SELECT id FROM tiers_order WHERE (provider, source, reference) = (%s, %s, %s)
"""


def apply_by(name: str, applier: Callable[[ProviderEvent], None]) -> None:
    """Messages of this sender are applied by that function, as often as they are tried: it must not mind. It raises
    Unusable for what it will never understand."""
    _appliers[name] = applier


@transaction.atomic
def store_event(*, name: str, source: str, received: Received, at: datetime | None = None) -> ProviderEvent:
    """Keep a verified message, once. The same message again is counted on the row that there is.

    An order of a shop outside begins with the first message that names it; all other orders are ours already."""
    public_id, order = new_public_id(), _order_of(name, source, received.reference)
    about = [name, source, received.event_id, received.kind[:100], order]
    said = [received.body, json.dumps(dict(received.headers))]
    [event] = ProviderEvent.objects.raw(_KEEP, [public_id, *about, *said, at])
    if event.public_id != public_id:
        _warn_of_another_body(event, received)
    return event


@transaction.atomic
def erase_text(*, event: ProviderEvent, left: bytes) -> None:
    """What somebody wrote and took back goes out of a message that is of no order, and `left` stays of it. Its id
    stays: the same delivery is still known, and is not compared with what is left. The only way round the trigger
    `kept_as_it_came`."""
    if event.order_id is not None:
        raise ValueError("The messages of an order stay as they came.")
    with pgtrigger.ignore("tiers.ProviderEvent:kept_as_it_came"):
        headers = {**event.headers, ERASED: True}
        ProviderEvent.objects.filter(pk=event.pk).update(body=left, headers=headers)


def _warn_of_another_body(event: ProviderEvent, received: Received) -> None:
    """Of those who only tell, another message under the same id is a fault of theirs, and may be lost money."""
    if ERASED in event.headers:
        return
    tells = event.provider in _appliers or not provider(event.provider).ASKS
    if tells and bytes(event.body) != received.body:
        said = "came again with another body, which was not kept"
        raise_alarm(AlarmKind.EVENT_SET_ASIDE, event.public_id, said, order=event.order, event=event)


def _order_of(name: str, source: str, reference: str) -> int | None:
    if not reference:
        return None
    if name == Provider.STANDARD:
        return _begun(name, source, reference)
    named = Order.objects.filter(provider=name, source=source, reference=reference)
    return named.values_list("pk", flat=True).first()


def _begun(name: str, source: str, reference: str) -> int:
    """The order of this reference, made where there is none. Of one that another transaction commits just now this
    statement sees nothing; the next one does."""
    named = [name, source, reference]
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_BEGIN, [new_public_id(), *named, *named])
            row = cursor.fetchone()
            if row is not None:
                return int(row[0])


def handle_event(*, event: ProviderEvent, by: Actor, again: bool = False) -> ProviderEvent:
    """Apply a stored message, unless that was done; with `again`, all the same (a person replays it).

    What fails is kept, with the error, for the sweep, and raised."""
    if again:
        _reopen(event)
    if event.handled_at is not None:
        return event
    try:
        if event.provider in _appliers:
            _apply_as_told(event)
        else:
            _apply_to_order(event, by)
    except Exception as error:
        _note_failure(event, error)
        raise
    event.refresh_from_db(fields=_OUTCOME)
    return event


def _apply_as_told(event: ProviderEvent) -> None:
    """What its applier cannot understand it will not understand later: a person looks."""
    try:
        _appliers[event.provider](event)
    except Unusable as unusable:
        _set_aside(event, str(unusable))
        return
    _settle(event, InboxState.APPLIED)
    if event.attempts:
        _calm(event, "It was applied.")


@transaction.atomic
def _set_aside(event: ProviderEvent, error: str) -> None:
    _settle(event, InboxState.SET_ASIDE, error)
    raise_alarm(AlarmKind.EVENT_SET_ASIDE, event.public_id, error, event=event)


def _calm(event: ProviderEvent, why: str) -> None:
    """Of a message that has come right, nobody needs to hear any more."""
    for kind in (AlarmKind.EVENT_SET_ASIDE, AlarmKind.EVENT_FAILING):
        clear_alarms(kind, event.public_id, why)


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
    if error:
        _set_aside(event, error)
        return
    _settle(event, InboxState.IGNORED)
    if event.attempts:
        _calm(event, "It concerns no order.")


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
