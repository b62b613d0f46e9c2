"""How things stand, for Prometheus: read from PostgreSQL and Redis when somebody asks, and then not again for a while,
however often it is asked for. Each reading is bounded, so that a server in trouble is not troubled more."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import redis
import structlog
from celery import current_app
from django.db import DatabaseError, InterfaceError, connection, transaction
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts import sweeps

log = structlog.get_logger(__name__)
KEPT_SECONDS: Final = 5
_TIMEOUT: Final = "SET LOCAL statement_timeout = '2s'"
# A change has no time of its own. It is audited in the transaction that makes it, so the last audited change of a
# workspace that is behind is the one that waits, or came after it. Of very many, some are looked at.
_UNANNOUNCED: Final = """
WITH behind AS (SELECT id, created_at FROM accounts_workspace WHERE announced_version < rights_version)
SELECT (SELECT count(*) FROM behind),
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(coalesce(
            (SELECT event.at FROM accounts_auditevent event WHERE event.workspace_id = late.id
              ORDER BY event.id DESC LIMIT 1), late.created_at))), 0)
          FROM (SELECT * FROM behind ORDER BY id LIMIT 1000) late)
"""
_INBOX: Final = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)
  FROM tiers_providerevent WHERE handled_at IS NULL
"""
_ALARMS: Final = "SELECT kind, count(*) FROM tiers_alarm WHERE resolved_at IS NULL GROUP BY kind"


class Standing(Collector):
    """What `read` found, for `kept` seconds."""

    def __init__(self, read: Callable[[], Iterator[Metric]] | None = None, kept: float = KEPT_SECONDS) -> None:
        self._read, self._kept = read or _read, kept
        self._reading = threading.Lock()
        self._read_at = -kept
        self._found: list[Metric] = []

    def collect(self) -> list[Metric]:
        with self._reading:
            if time.monotonic() - self._read_at >= self._kept:
                self._found = list(self._read())
                self._read_at = time.monotonic()
            return self._found


def _read() -> Iterator[Metric]:
    up = GaugeMetricFamily("trellis_up", "Whether a server that Trellis needs answers.", labels=["server"])
    for server, figures in (("postgresql", _of_postgresql), ("redis", _of_redis)):
        try:
            yield from figures()
        except (DatabaseError, InterfaceError, redis.RedisError) as error:
            log.warning("standing_not_read", server=server, error=str(error))
            up.add_metric([server], 0)
        else:
            up.add_metric([server], 1)
    yield up


def _of_postgresql() -> list[Metric]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TIMEOUT)
        [(behind, lag)] = _rows(cursor, _UNANNOUNCED)
        [(waiting, oldest)] = _rows(cursor, _INBOX)
        open_alarms = _rows(cursor, _ALARMS)
    alarms = GaugeMetricFamily("trellis_open_alarms", "Alarms that no one has resolved.", labels=["kind"])
    for kind, number in open_alarms:
        alarms.add_metric([kind], number)
    return [
        GaugeMetricFamily("trellis_unannounced_workspaces", "Workspaces of which Redis knows old rights.", behind),
        GaugeMetricFamily(
            "trellis_announcement_lag_seconds", "Since the last change of the one that has waited longest.", float(lag)
        ),
        GaugeMetricFamily("trellis_inbox_unhandled_events", "Events of providers that are not applied yet.", waiting),
        GaugeMetricFamily("trellis_inbox_oldest_seconds", "How long the oldest of these has waited.", float(oldest)),
        alarms,
    ]


def _rows(cursor: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor.execute(statement)
    return list(cursor.fetchall())


def _of_redis() -> list[Metric]:
    client = sweeps.connect()
    try:
        ended = sweeps.ended(client)
        names = sorted({route["queue"] for route in current_app.conf.task_routes.values()})
        lengths = {name: client.llen(name) for name in names}
    finally:
        client.close()
    queued = GaugeMetricFamily("trellis_queued_tasks", "Tasks that wait for a worker.", labels=["queue"])
    for name, length in lengths.items():
        queued.add_metric([name], length)
    last = GaugeMetricFamily(
        "trellis_sweep_ended_timestamp_seconds", "When a periodic task last ended well; Unix time.", labels=["task"]
    )
    for task in sorted(sweeps.periodic(current_app) & ended.keys()):
        last.add_metric([task], ended[task])
    return [queued, last]
