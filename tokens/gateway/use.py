"""When a token or a gateway was last used, and that a secret was seen in a query string: noted at most every five
minutes. Neither is a right: no trigger fires, no version rises. And no answer waits for a note, or fails with it."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import DatabaseError, connection, transaction

from tokens.gateway.ask import Decision
from tokens.gateway.passes import Reading

log = structlog.get_logger(__name__)
NOTED_EVERY: Final = timedelta(minutes=5)

# A row that somebody holds is left alone: the next call notes it.
_STATEMENT: Final = """
UPDATE {table} SET {column} = %(now)s
 WHERE id = (SELECT id FROM {table} WHERE public_id = %(public_id)s FOR NO KEY UPDATE SKIP LOCKED)
"""
_TOKEN_USED: Final = _STATEMENT.format(table="tokens_token", column="last_used_at")
_TOKEN_IN_QUERY: Final = _STATEMENT.format(table="tokens_token", column="seen_in_query_at")
_GATEWAY_USED: Final = _STATEMENT.format(table="tokens_gateway", column="last_used_at")


def note(reading: Reading, decision: Decision) -> None:
    """Note an attempt of a known token."""
    rights = reading.rights
    if rights is None:
        return
    if _due(reading.last_used_at, reading.now):
        _set(_TOKEN_USED, rights.token, reading.now)
    if decision.ask.token_in_query and not rights.publishable and _due(reading.seen_in_query_at, reading.now):
        _set(_TOKEN_IN_QUERY, rights.token, reading.now)


def note_gateway(public_id: str, last: datetime | None, now: datetime) -> None:
    if _due(last, now):
        _set(_GATEWAY_USED, public_id, now)


def _due(last: datetime | None, now: datetime) -> bool:
    return last is None or now - last >= NOTED_EVERY


def _set(statement: str, public_id: str, now: datetime) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, {"now": now, "public_id": public_id})
    except DatabaseError as error:
        log.warning("use_not_noted", subject=public_id, error=str(error))
