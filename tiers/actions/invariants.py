"""What must never be so: paid without grant, a grant without payment, amounts that disagree. The database forbids most
of it; whatever got past it is put right by `sync_order`, or brought before a person."""

from dataclasses import dataclass
from typing import Final

import structlog
from django.db import connection, transaction

from accounts.audit import Actor
from tiers.actions.alarms import clear_alarms, raise_alarm
from tiers.actions.orders import sync_order
from tiers.models import Alarm, AlarmKind, Grant, Order

log = structlog.get_logger(__name__)
_MOST: Final = 500

_PAID_WITHOUT_GRANT: Final = """
SELECT o.id FROM tiers_order o
 WHERE o.holds IN ('live', 'suspended') AND NOT EXISTS (
       SELECT 1 FROM tiers_grant g JOIN tiers_productversion v ON v.id = o.version_id
        WHERE g.order_id = o.id AND g.workspace_id = o.workspace_id
          AND g.tier_id IS NOT DISTINCT FROM v.tier_id AND g.model_id IS NOT DISTINCT FROM v.model_id
          AND (g.calls IS NULL) = (v.calls IS NULL)
          AND (g.revoked_by_id IS NOT NULL OR g.revoked_at IS NULL AND (g.disputed_at IS NULL) = (o.holds = 'live')))
    OR o.holds = 'nothing' AND o.state IN ('created', 'pending', 'failed', 'expired', 'cancelled') AND EXISTS (
       SELECT 1 FROM tiers_orderevent e
         JOIN tiers_productversion v ON v.id = o.version_id JOIN tiers_product p ON p.id = v.product_id
         JOIN accounts_workspace w ON w.id = o.workspace_id
        WHERE e.order_id = o.id AND e.kind IN ('paid', 'renewed') AND e.amount = v.amount
          AND e.currency = v.currency AND e.workspace IN ('', w.public_id) AND e.product IN ('', p.slug))
 ORDER BY o.id LIMIT %s
"""
_GRANT_WITHOUT_PAYMENT: Final = """
SELECT DISTINCT o.id FROM tiers_order o JOIN tiers_grant g ON g.order_id = o.id
 WHERE g.revoked_at IS NULL AND (o.holds IN ('nothing', 'taken') OR NOT EXISTS (
       SELECT 1 FROM tiers_orderevent e WHERE e.order_id = o.id AND e.kind IN ('paid', 'renewed')))
 ORDER BY o.id LIMIT %s
"""
_AMOUNTS_DISAGREE: Final = """
SELECT o.id FROM tiers_order o
 WHERE o.refunded <> (
       SELECT coalesce(sum(one.amount), 0) FROM (
              SELECT max(e.refund_amount) AS amount FROM tiers_orderevent e
               WHERE e.order_id = o.id AND e.kind = 'refunded' GROUP BY e.refund_id) one)
    OR o.holds <> 'nothing' AND NOT EXISTS (
       SELECT 1 FROM tiers_orderevent e JOIN tiers_productversion v ON v.id = o.version_id
        WHERE e.order_id = o.id AND e.kind IN ('paid', 'renewed')
          AND e.amount = v.amount AND e.currency = v.currency)
 ORDER BY o.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: AlarmKind
    broken: str
    detail: str


_RULES: Final = (
    _Rule(AlarmKind.PAID_WITHOUT_GRANT, _PAID_WITHOUT_GRANT, "It is paid, and its grant is missing or not open."),
    _Rule(AlarmKind.GRANT_WITHOUT_PAYMENT, _GRANT_WITHOUT_PAYMENT, "It has an open grant, and no payment for it."),
    _Rule(AlarmKind.AMOUNTS_DISAGREE, _AMOUNTS_DISAGREE, "Its amounts are not those of its payments and refunds."),
)


def check_invariants(*, by: Actor) -> int:
    """How many orders broke a rule. Each is brought to what its events say; what is still broken raises an alarm, and
    what is whole again clears it."""
    found = 0
    for rule in _RULES:
        broken = _broken(rule)
        for pk in broken:
            _repair(pk, by)
        _report(rule, set(_broken(rule)) if broken else set())
        found += len(broken)
    return found + _check_grants_of_no_order()


def _broken(rule: _Rule) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(rule.broken, [_MOST])
        return [pk for (pk,) in cursor.fetchall()]


def _repair(pk: int, by: Actor) -> None:
    try:
        sync_order(pk=pk, ask=False, by=by)
    except Exception:  # It is looked at again below, and reported as it is.
        log.exception("order_not_repaired", order=pk)


def _report(rule: _Rule, still_broken: set[int]) -> None:
    orders = {order.public_id: order for order in Order.objects.filter(pk__in=still_broken)}
    for subject, order in orders.items():
        _raise(rule.kind, subject, rule.detail, order)
    _clear(rule.kind, set(orders), of_orders=True)


def _check_grants_of_no_order() -> int:
    """A grant that says it was bought, and names no order."""
    stray = Grant.objects.filter(source__in=["order", "early_access"], order=None, revoked_at=None)
    subjects = set(stray.values_list("public_id", flat=True)[:_MOST])
    detail = "This grant says that it was bought, and belongs to no order."
    for subject in subjects:
        _raise(AlarmKind.GRANT_WITHOUT_PAYMENT, subject, detail, None)
    _clear(AlarmKind.GRANT_WITHOUT_PAYMENT, subjects, of_orders=False)
    return len(subjects)


def _clear(kind: AlarmKind, still: set[str], *, of_orders: bool) -> None:
    open_ones = Alarm.objects.filter(kind=kind, resolved_at=None, order__isnull=not of_orders)
    for subject in open_ones.exclude(subject__in=still).values_list("subject", flat=True):
        clear_alarms(kind, subject, "It is so no longer.")


def _raise(kind: AlarmKind, subject: str, detail: str, order: Order | None) -> None:
    with transaction.atomic():
        raise_alarm(kind, subject, detail, order=order)
