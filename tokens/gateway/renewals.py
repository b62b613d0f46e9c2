"""Confirming anew, in batches, what Redis stores of workspaces that are in use: one read of versions for hundreds of
them, so that nobody waits for it and no pass is read again while nothing changed."""

import threading
from contextlib import suppress
from typing import Final, NamedTuple

from django.db import connection

from accounts.wire import Away
from tokens.gateway import store

# A pass that was confirmed longer ago is confirmed again, long before it is too old to be believed.
AFTER_MS: Final = 15_000
_BATCH: Final = 500
_MOST: Final = 100_000

# By PostgreSQL's clock, which this process may have wrong.
_VERSIONS: Final = """
SELECT extract(epoch FROM statement_timestamp())::float8, json_agg(json_build_array(public_id, rights_version))
  FROM accounts_workspace WHERE public_id = ANY(%s)
"""

_asked: dict[str, int] = {}
_guard = threading.Lock()


class Aged(NamedTuple):
    """A stored pass that was confirmed too long ago."""

    workspace: str
    rights_version: int


def confirm(aged: Aged, read_at: float) -> None:
    """PostgreSQL, read at `read_at` (Unix time), has no newer one."""
    with suppress(Away):
        store.confirm([aged], read_at)


def ask_for(workspace: str, version: int) -> None:
    """Have it renewed by the next `renew()`. `version`: the one that is stored."""
    if len(_asked) < _MOST:
        _asked[workspace] = version


def renew() -> None:
    """Confirm all that was asked for. One that has another version by now is only told of it. Raises
    django.db.Error."""
    global _asked
    with _guard:
        asked, _asked = _asked, {}
    names = list(asked)
    for start in range(0, len(names), _BATCH):
        with connection.cursor() as cursor:
            cursor.execute(_VERSIONS, [names[start : start + _BATCH]])
            read_at, versions = cursor.fetchone() or (0.0, None)
        try:
            store.confirm(versions or (), read_at)
        except Away:
            return
