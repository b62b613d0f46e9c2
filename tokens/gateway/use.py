"""When a token was last used, and that a secret one was seen in a query string: noted at most every five minutes."""

from datetime import datetime, timedelta

from django.db import connection

from tokens.gateway.ask import Decision
from tokens.gateway.passes import Reading

NOTED_EVERY = timedelta(minutes=5)


def note(reading: Reading, decision: Decision) -> None:
    """Note an attempt of a known token. Neither is a right: no trigger fires, no version rises."""
    rights = reading.rights
    if rights is None:
        return
    if _due(reading.last_used_at, reading.now):
        _set("last_used_at", rights.token, reading.now)
    if decision.ask.token_in_query and not rights.publishable and _due(reading.seen_in_query_at, reading.now):
        _set("seen_in_query_at", rights.token, reading.now)


def _due(last: datetime | None, now: datetime) -> bool:
    return last is None or now - last >= NOTED_EVERY


_STATEMENTS = {
    "last_used_at": "UPDATE tokens_token SET last_used_at = %s WHERE public_id = %s",
    "seen_in_query_at": "UPDATE tokens_token SET seen_in_query_at = %s WHERE public_id = %s",
}


def _set(column: str, token: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[column], [now, token])
