"""Waiting for what another process does."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

SECONDS = 60


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Nobody else writes to the table meanwhile; given back whatever becomes of the test."""
    locker = connection.copy()
    try:
        locker.set_autocommit(False)
        with locker.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield
    finally:
        locker.close()
