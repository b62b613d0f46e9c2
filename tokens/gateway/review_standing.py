"""How the review desk stands, for Prometheus. It is read more seldom than the rest, since some of it is counted."""

from collections.abc import Iterator
from typing import Any, Final

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

log = structlog.get_logger(__name__)
KEPT_SECONDS: Final = 30
_TIMEOUT: Final = "SET LOCAL statement_timeout = '2s'"
_WAITING: Final = """
SELECT coalesce('tier:' || slug, 'model'), count(*), count(*) FILTER (WHERE due_at < statement_timestamp()),
       extract(epoch FROM statement_timestamp() - min(submitted_at))
  FROM tokens_accessrequest LEFT JOIN tiers_tier ON tiers_tier.id = tier_id
 WHERE state IN ('submitted', 'in_review') GROUP BY 1 ORDER BY 1
"""
_DECISIONS: Final = """
SELECT outcome, count(*), count(undone_at), count(reopened_at) FROM tokens_decision GROUP BY 1 ORDER BY 1
"""
_UNKNOWN: Final = """
SELECT kind, count(*) FROM tokens_signal JOIN tokens_accessrequest ON tokens_accessrequest.id = access_request_id
 WHERE tokens_signal.state = 'unknown' AND tokens_accessrequest.state IN ('submitted', 'in_review')
 GROUP BY 1 ORDER BY 1
"""


def read() -> Iterator[Metric]:
    """Nothing where PostgreSQL is away or slow: that it is, `trellis_up` says."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TIMEOUT)
            found = [_rows(cursor, statement) for statement in (_WAITING, _DECISIONS, _UNKNOWN)]
    except (DatabaseError, InterfaceError) as error:
        log.warning("review_standing_not_read", error=str(error))
        return
    waiting, decisions, unknown = found
    yield from _waiting(waiting)
    yield from _decided(decisions)
    checks = GaugeMetricFamily(
        "trellis_review_signals_unknown",
        "Signals of waiting access requests that could not be checked.",
        labels=["kind"],
    )
    for kind, number in unknown:
        checks.add_metric([kind], number)
    yield checks


def _waiting(rows: list[tuple[Any, ...]]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("trellis_review_waiting", "Access requests that wait for a decision.", labels=["kind"])
    over = GaugeMetricFamily("trellis_review_over_target", "Those of them that are past their time.", labels=["kind"])
    oldest = GaugeMetricFamily("trellis_review_oldest_seconds", "How long the oldest has waited.", labels=["kind"])
    for kind, number, late, age in rows:
        waiting.add_metric([kind], number)
        over.add_metric([kind], late)
        oldest.add_metric([kind], float(age))
    yield from (waiting, over, oldest)


def _decided(rows: list[tuple[Any, ...]]) -> Iterator[Metric]:
    made = CounterMetricFamily("trellis_review_decisions", "Decisions on access requests.", labels=["outcome"])
    undone = CounterMetricFamily("trellis_review_undone", "Decisions that were undone.", labels=["outcome"])
    reopened = CounterMetricFamily("trellis_review_reopened", "Decisions that were reopened.", labels=["outcome"])
    for outcome, *numbers in rows:
        for figure, number in zip((made, undone, reopened), numbers, strict=True):
            figure.add_metric([outcome], number)
    yield from (made, undone, reopened)


def _rows(cursor: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor.execute(statement)
    return list(cursor.fetchall())
