"""Whether a stored pass is still the newest, as PostgreSQL says to an ask that has arrived: a refusal may rest on it
then, as on a pass that was just read. One small statement, on a connection of its own, for all asks that wait."""

import select
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
import psycopg
import structlog
from django.db import connection
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from tokens.gateway.ask import Pass

_versions = msgspec.json.Decoder(dict[str, int] | None).decode
log = structlog.get_logger(__name__)
REST: Final = 1.0  # seconds, after a failure
MOST_SECONDS: Final = 1.0  # of one statement
NAME: Final = b"confirmed"
_VERSIONS: Final = """
SELECT extract(epoch FROM statement_timestamp())::float8,
       coalesce((SELECT version FROM tiers_catalogueversion WHERE id = 1), 1),
       (SELECT json_object_agg(public_id, rights_version) FROM accounts_workspace WHERE public_id = ANY($1::text[]))
"""


class Confirmed(NamedTuple):
    """What else PostgreSQL said: its time, and the catalogue's version."""

    now: datetime
    catalogue_version: int


@dataclass(slots=True)
class _Flight:
    """One statement, for the workspaces of all who wait for it."""

    workspaces: set[str] = field(default_factory=set)
    flown: bool = False
    said: Confirmed | None = None
    versions: dict[str, int] = field(default_factory=dict)


_rests_until = 0.0
_guard = threading.Lock()
_turn = threading.Lock()
_next = _Flight()
_connection: psycopg.Connection[Any] | None = None


def confirmed(rights: Pass) -> Confirmed | None:
    """None where PostgreSQL has a newer one, or cannot be asked so: what a transaction of ours has not committed yet,
    it tells nobody."""
    if connection.in_atomic_block or time.monotonic() < _rests_until:
        return None
    with _guard:
        flight = _next
        flight.workspaces.add(rights.workspace)
    with _turn:
        if not flight.flown:
            _fly(flight)
    return flight.said if flight.versions.get(rights.workspace) == rights.rights_version else None


def _fly(flight: _Flight) -> None:
    """By the first of those who wait, in its turn. Who comes from now on takes the next one."""
    global _next, _connection, _rests_until
    with _guard:
        _next = _Flight()
    flight.flown = True
    try:
        if _connection is None:
            _connection = opened()
        said, versions = read(_answer(_connection.pgconn, named(flight.workspaces)))
    except psycopg.Error as error:
        log.warning("not_confirmed", error=str(error))
        if _connection is not None:
            _connection.close()
            _connection = None
        _rests_until = time.monotonic() + REST
        return
    flight.said, flight.versions = said, versions


def _answer(pgconn: PGconn, workspaces: bytes) -> PGresult | None:
    """Raises psycopg.Error where there is none in time: a PostgreSQL that hangs must not hold all who wait in line."""
    pgconn.send_query_prepared(NAME, [workspaces])
    readable, deadline = select.poll(), time.monotonic() + MOST_SECONDS
    readable.register(pgconn.socket, select.POLLIN)
    found: PGresult | None = None
    while True:
        while pgconn.is_busy():
            if not readable.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise psycopg.OperationalError("PostgreSQL does not answer in time.")
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            return found
        found = found or result


def named(workspaces: Iterable[str]) -> bytes:
    """The statement's parameter."""
    return f"{{{','.join(workspaces)}}}".encode()


def read(result: PGresult | None) -> tuple[Confirmed, dict[str, int]]:
    """What was said, and the rights version of each workspace that there is. Raises psycopg.Error."""
    if result is None or result.status != ExecStatus.TUPLES_OK:
        raise psycopg.OperationalError(result.get_error_message() if result else "PostgreSQL says nothing.")
    now, catalogue_version, versions = (result.get_value(0, column) or b"null" for column in range(3))
    said = Confirmed(datetime.fromtimestamp(float(now), UTC), int(catalogue_version))
    return said, _versions(versions) or {}


def opened() -> psycopg.Connection[Any]:
    """Spoken to without a cursor, which would cost more than the statement."""
    made = psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": None}, autocommit=True)
    prepared = made.pgconn.prepare(NAME, _VERSIONS.encode())
    if prepared.status != ExecStatus.COMMAND_OK:
        made.close()
        raise psycopg.OperationalError(prepared.get_error_message())
    return made
