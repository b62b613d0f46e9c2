"""The gateway runs outside Django's request signals, so it gives connections back to the pool itself: there may be more
threads than connections."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from weakref import WeakSet

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections, connection

T = TypeVar("T")
_names: Final[dict[str, tuple[str, ...]]] = {}
_generic: Final["WeakSet[psycopg.Connection[Any]]"] = WeakSet()


def row(statement: str, parameters: Sequence[Any]) -> Mapping[str, Any]:
    """The one row of a statement, by the names of its columns. It is prepared once a connection: Django's cursor would
    have it planned each time, which takes PostgreSQL longer than all the rest. Raises django.db.Error."""
    return on_a_live_one(lambda: _row(statement, parameters))


def _row(statement: str, parameters: Sequence[Any]) -> Mapping[str, Any]:
    connection.ensure_connection()
    _plan_once()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        found = cursor.execute(statement, parameters, prepare=True).fetchone()
        names = _names.get(statement)
        if names is None:
            names = _names[statement] = tuple(column.name for column in cursor.description or ())
    return dict(zip(names, found or (), strict=True))


def _plan_once() -> None:
    """What is prepared is planned once, not for each token: the plan is the same, and costs ten times its execution."""
    if connection.connection not in _generic:
        connection.connection.execute("SET plan_cache_mode = force_generic_plan")
        _generic.add(connection.connection)


def on_a_live_one(read: Callable[[], T]) -> T:
    """Read, and once more on a new connection where the one that was kept had been lost. Raises django.db.Error."""
    kept = connection.connection is not None and not connection.in_atomic_block
    try:
        return read()
    except (OperationalError, InterfaceError):
        if not kept:
            raise
        connection.close()
        return read()


def release() -> None:
    """Give this thread's connection back, unless a transaction is open on it: then it is its opener's."""
    if not connection.in_atomic_block:
        close_old_connections()
