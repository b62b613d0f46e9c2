"""How long to wait for PostgreSQL's answer. By itself a client waits for ever: a server that has stopped in its tracks,
or a lock that nobody gives back, would take one thread after another. PostgreSQL's own timeouts do not help where it
does not run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

RV = TypeVar("RV")
_seconds: ContextVar[float | None] = ContextVar("patience_seconds", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Each statement in here, on any connection, fails with OperationalError after so many seconds, and its connection
    is closed: the answer may still come, and must not meet the next statement."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


class Connection(psycopg.Connection[Any]):
    """What the pool makes: waits for ever outside of `patience()`."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        seconds = _seconds.get()
        if seconds is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        began = time.monotonic()
        try:
            return super().wait(gen, interval, seconds)
        except psycopg.OperationalError:
            if time.monotonic() - began >= seconds:
                self.pgconn.finish()
            raise
