"""The gateway runs outside Django's request signals, so it gives connections back to the pool itself."""

from django.db import close_old_connections, connection


def release() -> None:
    """Give this thread's connection back, unless a transaction is open on it: then it is its opener's."""
    if not connection.in_atomic_block:
        close_old_connections()
