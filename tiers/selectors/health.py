"""How the payments' plumbing is: providers, how long things take, what was compared, and whether all is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, F, Max, Min, Q

from accounts.models import AuditEvent, Workspace
from accounts.models.audit import ActorKind
from tiers.models import Alarm, AlarmKind, InboxState, Order, Provider, ProviderEvent, Reconciliation
from tiers.payments import provider

WINDOW: Final = timedelta(days=1)
MOST_REPORTS: Final = 20
MOST_REPAIRS: Final = 20
MOST_MEASURED: Final = 20_000
_DISAGREEING: Final = (AlarmKind.PAID_WITHOUT_GRANT, AlarmKind.GRANT_WITHOUT_PAYMENT, AlarmKind.AMOUNTS_DISAGREE)
# Of the last day's messages, among no more than so many of the newest: how long each way took, in milliseconds.
_LAGS: Final = """
    WITH recent AS (
        SELECT id, received_at, handled_at FROM tiers_providerevent
         WHERE id > (SELECT coalesce(max(id), 0) FROM tiers_providerevent) - %(most)s
           AND received_at >= %(since)s AND handled_at IS NOT NULL AND state = 'applied' AND attempts = 1
    ), told AS (
        SELECT extract(epoch FROM r.received_at - min(e.at)) * 1000 AS ms
          FROM recent r JOIN tiers_orderevent e ON e.inbox_id = r.id GROUP BY r.id, r.received_at
    )
    SELECT (SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY greatest(ms, 0)) FROM told),
           (SELECT percentile_cont(ARRAY[0.5, 0.99])
                   WITHIN GROUP (ORDER BY extract(epoch FROM handled_at - received_at) * 1000) FROM recent),
           (SELECT count(*) FROM recent)
"""
_HOURS: Final = """
    SELECT floor(extract(epoch FROM %(now)s - received_at) / 3600)::int AS ago,
           percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM handled_at - received_at) * 1000)
      FROM (SELECT received_at, handled_at FROM tiers_providerevent
             WHERE id > (SELECT coalesce(max(id), 0) FROM tiers_providerevent) - %(most)s
               AND received_at >= %(since)s AND handled_at IS NOT NULL AND state = 'applied' AND attempts = 1) recent
     GROUP BY ago
"""

_LAST: Final = """
    SELECT CASE WHEN EXISTS (SELECT FROM tiers_providerevent WHERE provider = named.name)
                THEN (SELECT id FROM tiers_providerevent WHERE provider = named.name ORDER BY id DESC LIMIT 1) END
      FROM unnest(%s::text[]) AS named (name)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """One provider. `oldest`: since when its oldest message waits to be handled."""

    name: Provider
    is_on: bool
    asks: bool
    last_at: datetime | None = None
    waiting: int = 0
    oldest: datetime | None = None
    failed: int = 0
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class Lag:
    """Milliseconds; None where nothing was measured."""

    p50: int | None
    p99: int | None


@dataclass(frozen=True, slots=True)
class Lags:
    """`hours`: the p99 of each of the last 24 hours from receipt to applied, oldest first, 0 where nothing came."""

    told: Lag
    applied: Lag
    measured: int
    hours: list[float]


def standings() -> list[Standing]:
    """Three queries: by index, however long the inbox is."""
    unhandled = ProviderEvent.objects.filter(handled_at=None).values("provider")
    waiting: dict[str, dict[str, Any]] = {
        row["provider"]: dict(row)
        for row in unhandled.annotate(
            number=Count("pk"), oldest=Min("received_at"), failed=Count("pk", filter=Q(state=InboxState.FAILED))
        )
    }
    aside = dict(
        ProviderEvent.objects.filter(state=InboxState.SET_ASIDE)
        .values_list("provider")
        .annotate(number=Count("pk"))
        .values_list("provider", "number")
    )
    last = dict(
        ProviderEvent.objects.filter(pk__in=_last_ids()).values_list("provider").annotate(at=Max("received_at"))
    )
    return [_standing(name, waiting.get(name, {}), aside, last) for name in Provider]


def _last_ids() -> list[int]:
    """The newest message of each provider, from the end of an index; of one that never sent any, nothing is read."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [[name.value for name in Provider]])
        return [row[0] for row in cursor.fetchall() if row[0] is not None]


def _standing(name: Provider, waiting: dict[str, Any], aside: dict[str, int], last: dict[str, datetime]) -> Standing:
    found = provider(name)
    return Standing(
        name=name,
        is_on=found.is_on(),
        asks=found.ASKS,
        last_at=last.get(name),
        waiting=waiting.get("number", 0),
        oldest=waiting.get("oldest"),
        failed=waiting.get("failed", 0),
        set_aside=aside.get(name, 0),
    )


def lags(now: datetime) -> Lags:
    values: dict[str, Any] = {"since": now - WINDOW, "now": now, "most": MOST_MEASURED}
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, values)
        told, applied, measured = cursor.fetchone()
        cursor.execute(_HOURS, values)
        by_hour = {ago: float(value) for ago, value in cursor.fetchall()}
    return Lags(_lag(told), _lag(applied), measured, [by_hour.get(ago, 0.0) for ago in range(23, -1, -1)])


def _lag(found: list[float] | None) -> Lag:
    return Lag(round(found[0]), round(found[1])) if found else Lag(None, None)


def reports() -> list[Reconciliation]:
    return list(Reconciliation.objects.order_by("-pk")[:MOST_REPORTS])


def unannounced() -> int:
    """How many workspaces' changes Redis was not told of yet."""
    return Workspace.objects.filter(announced_version__lt=F("rights_version"))[:100].count()


@dataclass(frozen=True, slots=True)
class Repair:
    """What a job changed of an order. `order` is None where it is gone from the list of names."""

    event: AuditEvent
    order: Order | None


def repairs() -> list[Repair]:
    """The last changes of orders that no message and no person made."""
    found = AuditEvent.objects.filter(actor_kind=ActorKind.TASK, action="order.changed").order_by("-pk")
    events = list(found[:MOST_REPAIRS])
    orders = {order.public_id: order for order in Order.objects.filter(public_id__in=[e.subject_id for e in events])}
    return [Repair(event, orders.get(event.subject_id)) for event in events]


def disagreements() -> int:
    """Open alarms of orders and grants that do not go together."""
    return Alarm.objects.filter(resolved_at=None, kind__in=_DISAGREEING).count()
