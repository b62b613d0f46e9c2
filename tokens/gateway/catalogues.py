"""The catalogue of this process: one versioned snapshot, with the verdicts that rest on it."""

import threading
import time
from typing import Final

from django.db import connection

from tiers import snapshot
from tiers.facts import Catalogue
from tokens.gateway import clock
from tokens.gateway.verdicts import Verdicts

# Housekeeping looks each second. Allows no longer rest on a catalogue that was not looked after for this long.
FRESH: Final = 5.0  # seconds

_VERSION: Final = """
SELECT coalesce((SELECT version FROM tiers_catalogueversion WHERE id = 1), 1),
       extract(epoch FROM statement_timestamp())::float8
"""

_current: Catalogue | None = None
_verdicts: Verdicts | None = None
_looked_at = float("-inf")
_loading = threading.Lock()


def at(version: int) -> Catalogue:
    """The catalogue of that version, just read from PostgreSQL, or a newer one. Costs nothing while the version
    stands; else some reads, which threads that wait for them share."""
    global _current, _looked_at
    catalogue = _current
    if catalogue is None or catalogue.version != version:
        with _loading:
            # Who waited takes what the one before has loaded.
            if _current is catalogue or _current is None or _current.version < version:
                _current = snapshot.load()
            catalogue = _current
    _looked_at = time.monotonic()
    return catalogue


def kept(version: int) -> Catalogue | None:
    """The catalogue of that version, if this process has it. Reads nothing."""
    catalogue = _current
    return catalogue if catalogue is not None and catalogue.version == version else None


def refresh() -> None:
    """See whether there is a newer one, and what PostgreSQL's clock says. Raises django.db.Error."""
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        version, now = cursor.fetchone() or (1, before)
    clock.learn(now, before)
    at(version)


def verdicts(now: float, *, at_any_age: bool = False) -> Verdicts | None:
    """What is allowed by the catalogue, unless that was not looked after lately."""
    global _verdicts
    catalogue = _current
    if catalogue is None or not (at_any_age or time.monotonic() - _looked_at < FRESH):
        return None
    found = _verdicts
    if found is None or found.catalogue is not catalogue or now >= found.until:
        found = _verdicts = Verdicts(catalogue, now)
    return found


def forget() -> None:
    """Drop the snapshot (tests roll versions back)."""
    global _current, _verdicts
    _current = _verdicts = None


def current() -> Catalogue | None:
    """The snapshot that the last decision of this process used; None before the first."""
    return _current
