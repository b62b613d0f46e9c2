"""Comparing our orders with a provider's own list: what was never delivered to us is found here."""

from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.audit import Actor
from tiers.actions.alarms import clear_alarms, raise_alarm
from tiers.actions.orders import sync_order
from tiers.claims import claimed
from tiers.models import AlarmKind, Grant, Order, Provider, Reconciliation
from tiers.payments import NotPossible, ProviderAway, provider

log = structlog.get_logger(__name__)
LOOKS_BACK: Final = timedelta(days=3)
# Between two of those, what changed just now is looked for often; that leaves a report only where it found something.
LOOKS_BACK_OFTEN: Final = timedelta(minutes=10)
_MOST_LISTED: Final = 200


def reconcile(*, name: Provider, by: Actor, often: bool = False) -> Reconciliation | None:
    """Compare the last days (`often`: the last minutes), and write down what was found; None where the provider has no
    list, or another worker is at it."""
    with claimed(f"reconcile:{name}") as ours:
        return _reconcile(name, by, often) if ours else None


def _reconcile(name: Provider, by: Actor, often: bool) -> Reconciliation | None:
    since = clock.now() - (LOOKS_BACK_OFTEN if often else LOOKS_BACK)
    report = Reconciliation(provider=name, since=since)
    try:
        references = provider(name).recent(since)
        if not often:
            report.save()
        for reference in references:
            report.seen += 1
            _compare(report, name, reference, by)
    except NotPossible:
        if report.pk is not None:
            report.delete()
        return None
    except ProviderAway as error:
        report.error = str(error.message)[:500]
    if report.pk is not None or report.found or report.error:
        report.save()
    _finish(report)
    return report


def _compare(report: Reconciliation, name: Provider, reference: str, by: Actor) -> None:
    """`found` what we did not know, or knew otherwise; `repaired` what was put right by asking."""
    order = Order.objects.filter(provider=name, reference=reference).first()
    if order is None:
        report.found += 1
        _list(report, {"reference": reference, "order": None})
        return
    before = _known(order)
    try:
        after = _known(sync_order(pk=order.pk, ask=True, by=by))
    except ProviderAway:
        raise
    except Exception:  # Of one order that cannot be applied, the others must not wait to be compared.
        log.exception("order_not_reconciled", order=order.public_id)
        report.found += 1
        _list(report, {"reference": reference, "order": order.public_id, "failed": True})
        return
    if after != before:
        report.found += 1
        _list(report, {"reference": reference, "order": order.public_id, "was": before[0], "is": after[0]})


def _known(order: Order) -> tuple[Any, ...]:
    """What an order comes to; not the number of its events, since what was fetched is only said in other words."""
    grants = Grant.objects.filter(order=order).order_by("pk")
    facts = (order.state, order.holds, order.problem, order.refunded, order.settled_at, order.ends_at)
    return (*facts, *grants.values_list("revoked_at", "disputed_at", "ends_at", "calls"))


def _list(report: Reconciliation, entry: dict[str, Any]) -> None:
    if len(report.repaired) < _MOST_LISTED:
        report.repaired.append(entry)


def _finish(report: Reconciliation) -> None:
    with transaction.atomic():
        Reconciliation.objects.filter(pk=report.pk).update(
            seen=report.seen, found=report.found, repaired=report.repaired, error=report.error, finished_at=Now()
        )
        if report.error:
            raise_alarm(AlarmKind.PROVIDER_UNREACHABLE, report.provider, report.error)
        else:
            clear_alarms(AlarmKind.PROVIDER_UNREACHABLE, report.provider, "It was asked.")
