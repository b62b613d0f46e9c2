"""What a process of the gateway does beside answering, each second and when it hears of a change, in a thread of its
own: looking after the catalogue and the gateways' keys, confirming passes in use, and handing on what was counted.

Answers do not depend on it: while it fails they come from PostgreSQL, and what was counted waits.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from accounts.patience import patience
from tokens.gateway import catalogues, connections, gateway_keys, metrics, refusal_log, renewals, reservations, usage

log = structlog.get_logger(__name__)
EVERY: Final = 1.0  # seconds
# One job that waits for PostgreSQL keeps all others waiting, those of Redis too.
PATIENCE_SECONDS: Final = 2.0
EVERY_SECOND: Final[tuple[Callable[[], object], ...]] = (
    # First, as nobody should wait to learn that PostgreSQL hangs.
    gateway_keys.refresh,
    catalogues.refresh,
    renewals.renew,
    reservations.sweep,
    usage.flush,
    refusal_log.flush,
    metrics.flush,
)

_started = False
_starting = threading.Lock()


def ensure() -> None:
    """Start the thread with the first ask of this process; a fork has none of its parent's."""
    global _started
    if _started or not settings.HOUSEKEEPING:
        return
    with _starting:
        if not _started:
            threading.Thread(target=_work, name="housekeeping", daemon=True).start()
            _started = True


def _begin_anew() -> None:
    global _started
    _started = False


os.register_at_fork(after_in_child=_begin_anew)


def _work() -> None:
    while True:
        with patience(PATIENCE_SECONDS):
            tidy()
        _news.wait(EVERY)


def tidy() -> None:
    """Each of its jobs once. One that fails keeps no other from being done."""
    for job in EVERY_SECOND:
        try:
            job()
        except (DatabaseError, InterfaceError) as error:
            log.warning("housekeeping_waits", job=job.__module__, error=str(error))
        except Exception:
            log.exception("housekeeping_failed", job=job.__module__)
    connections.release()


class _News:
    """PostgreSQL tells at once, with a commit that changes the catalogue or a gateway. What it cannot tell, since it is
    away or a pooler is between, is seen a second later."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None

    def wait(self, seconds: float) -> None:
        began = time.monotonic()
        try:
            if self._connection is None:
                parameters = {**connection.get_connection_params(), "cursor_factory": None}
                self._connection = psycopg.connect(**parameters, autocommit=True)
                self._connection.execute("LISTEN trellis")
            for _notice in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.Error as error:
            log.warning("no_news", error=str(error))
            self._drop()
            time.sleep(max(0.0, seconds - (time.monotonic() - began)))

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_news = _News()
