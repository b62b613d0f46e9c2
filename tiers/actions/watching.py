"""What follows from time alone, or was never told: orders that wait for their money, periods that ended, money owed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts import audit, clock
from accounts.audit import Actor
from accounts.models import AuditEvent
from tiers.actions.alarms import clear_alarms, raise_alarm
from tiers.actions.orders import sync_order
from tiers.claims import claimed
from tiers.models import Alarm, AlarmKind, Holds, Order, OrderState, Problem, Provider
from tiers.payments import NotPossible, ProviderAway, provider, providers

log = structlog.get_logger(__name__)
# They tell, and there is nobody to ask.
TELL_ONLY: Final = frozenset({Provider.STANDARD, Provider.MANUAL})
_MINUTE: Final = timedelta(minutes=1)
_SELDOM: Final = timedelta(days=1)
_FORGOTTEN: Final = timedelta(days=35)
_BATCH: Final = 100
# A subscription of which a part was refunded goes on like any other.
_RECURRING: Final = Q(state__in=[OrderState.ACTIVE, OrderState.PAST_DUE, OrderState.CANCELLED]) | Q(
    state=OrderState.PARTLY_REFUNDED, version__interval__gt=""
)


def askable() -> list[str]:
    return [name for name, _provider in providers() if name not in TELL_ONLY]


def watch_unsettled(*, by: Actor) -> int:
    """Ask about orders whose money is awaited, ever more seldom, and once a day about subscriptions; how many were."""
    now = clock.now()
    due = Q(synced_at=None) | Q(synced_at__lte=now - _SELDOM)
    # As long again as it has waited so far passes before the next time, but at most a day.
    waited = Q(synced_at__lte=now - _MINUTE) & Q(synced_at__lte=now - (now - F("unsettled_since")) / 4)
    waiting = Q(unsettled_since__gt=now - _FORGOTTEN) & (due | waited)
    renewing = _RECURRING & Q(holds=Holds.LIVE) & due
    orders = Order.objects.filter(waiting | renewing, provider__in=askable())
    return _sync_each(orders.order_by(F("synced_at").asc(nulls_first=True), "pk"), by)


def end_periods(*, by: Actor) -> int:
    """Of subscriptions whose paid time, or grace, is over: hear whether they were renewed, else call them ended. Their
    grants have ended by the clock already."""
    now = clock.now()
    over = Order.objects.filter(_RECURRING, holds=Holds.LIVE, ends_at__lte=now)
    return _sync_each(over.order_by("ends_at", "pk"), by, even_unasked=True)


def _sync_each(orders: QuerySet[Order], by: Actor, *, even_unasked: bool = False) -> int:
    """A provider that is away is not asked again in this round. With `even_unasked` its orders are looked at all the
    same, by what we know."""
    done = 0
    away = set() if not even_unasked else set(Provider.values) - set(askable())
    for pk, name in orders.values_list("pk", "provider")[:_BATCH]:
        if name in away and not even_unasked:
            continue
        try:
            sync_order(pk=pk, ask=name not in away, by=by)
            done += 1
        except ProviderAway:
            away.add(name)
            if even_unasked:
                sync_order(pk=pk, ask=False, by=by)
        except Exception:  # One order that cannot be read must not keep the others from being looked at.
            log.exception("order_not_synced", order=pk, by=str(by))
    return done


# --- Money that opened nothing, because early access was over ------------------------------------------------


def refund_unfulfilled(*, by: Actor) -> int:
    """Ask for the money of orders that settled too late to be given back; of how many it was taken on.

    A provider gives it once, however often it is asked, so a job that was killed asks again."""
    owed = Order.objects.filter(state=OrderState.UNFULFILLED, problem=Problem.WINDOW_ENDED)
    by_hand = Alarm.objects.filter(kind=AlarmKind.REFUND_FAILED, resolved_at=None, detail__startswith=_BY_HAND)
    orders = owed.exclude(public_id__in=by_hand.values("subject")).select_related("version", "workspace")
    return sum(_refund(order, by) for order in _one_at_a_time(orders.order_by("pk")[:_BATCH]))


_BY_HAND: Final = "To be given back by hand"


def _one_at_a_time(orders: Iterable[Order]) -> Iterable[Order]:
    for order in orders:
        with claimed(f"refund:{order.pk}") as ours:
            if ours:
                yield order


def _refund(order: Order, by: Actor) -> bool:
    if order.version is None:
        return False
    try:
        provider(order.provider).refund(order, order.version.amount - order.refunded)
    except NotPossible as error:
        _raise_refund_failed(order, f"{_BY_HAND}: {error.message}")
    except ProviderAway as error:
        _raise_refund_failed(order, f"It is tried again: {error.message}")
    else:
        _note_refund(order, by)
        return True
    return False


@transaction.atomic
def _raise_refund_failed(order: Order, detail: str) -> None:
    raise_alarm(AlarmKind.REFUND_FAILED, order.public_id, detail, order=order)


def _note_refund(order: Order, by: Actor) -> None:
    """Audited once, however often it was asked for. That it was given back is for the provider to say."""
    with transaction.atomic():
        locked = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        asked = AuditEvent.objects.filter(workspace=order.workspace, subject_id=order.public_id)
        if not asked.filter(action="order.refund_asked").exists():
            reason = str(Problem.WINDOW_ENDED.label)
            audit.record("order.refund_asked", locked, by=by, workspace=order.workspace, reason=reason)
        clear_alarms(AlarmKind.REFUND_FAILED, order.public_id, "The provider took it.")
    try:
        sync_order(pk=order.pk, ask=True, by=by)
    except ProviderAway:
        log.warning("refund_not_heard_of_yet", order=order.public_id)
