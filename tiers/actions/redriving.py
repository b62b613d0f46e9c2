"""What was received and not applied is tried again, ever more seldom."""

from datetime import timedelta
from typing import Final

import structlog
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, QuerySet, Value
from django.db.models.functions import Greatest, Least, Power

from accounts import clock
from accounts.audit import Actor
from tiers.actions.inbox import handle_event
from tiers.claims import claimed
from tiers.models import ProviderEvent
from tiers.payments import ProviderAway

log = structlog.get_logger(__name__)
FIRST_AFTER: Final = 10  # seconds, in which the request that received it may still be at it
_BATCH: Final = 200


def due_events() -> QuerySet[ProviderEvent]:
    """Each attempt comes after as long again as the message has waited; from the ninth on, once an hour."""
    seconds = FIRST_AFTER * Power(2, Least(F("attempts"), 8)) + 3600 * Greatest(F("attempts") - 8, 0)
    wait = ExpressionWrapper(Value(timedelta(seconds=1)) * seconds, DurationField())
    due_at = ExpressionWrapper(F("received_at") + wait, DateTimeField())
    waiting = ProviderEvent.objects.filter(handled_at=None).alias(due_at=due_at)
    return waiting.filter(due_at__lte=clock.now()).order_by("pk")


def redrive_events(*, by: Actor) -> int:
    """Apply what is due; how many were. A provider that is away is asked once, not once an event."""
    applied = 0
    away: set[str] = set()
    for event in due_events().defer("body")[:_BATCH]:
        if event.provider in away:
            continue
        with claimed(f"event:{event.pk}") as ours:
            if ours:
                applied += _apply(event, away, by)
    return applied


def _apply(event: ProviderEvent, away: set[str], by: Actor) -> bool:
    try:
        return handle_event(event=event, by=by).handled_at is not None
    except ProviderAway:
        away.add(event.provider)
    except Exception:  # Kept and noted by handle_event; the others must not wait for it.
        log.exception("event_not_redriven", event_id=event.public_id)
    return False
