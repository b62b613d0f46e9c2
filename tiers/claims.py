"""Claims: of several workers that find the same thing to do, one does it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_TAKE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_RETURN = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"


@contextmanager
def claimed(what: str) -> Iterator[bool]:
    """Whether it is ours, until the block ends. It belongs to the connection, not to a transaction, since the block
    asks providers; so a worker that is killed gives it back by dying.

    Outside any transaction, and through no pooler that shares a connection between transactions."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [what])
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(_RETURN, [what])
