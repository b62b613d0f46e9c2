"""The catalogue of this process: one versioned snapshot, read again when PostgreSQL has another version."""

from tiers import snapshot
from tiers.facts import Catalogue

_current: Catalogue | None = None


def at(version: int) -> Catalogue:
    """The catalogue of that version or a newer one. Costs nothing while the version stands; else three reads.
    Threads may read at once: each snapshot is whole, and the last one stays."""
    global _current
    if _current is None or _current.version != version:
        _current = snapshot.load()
    return _current


def forget() -> None:
    """Drop the snapshot (tests roll versions back)."""
    global _current
    _current = None


def current() -> Catalogue | None:
    """The snapshot that the last decision of this process used; None before the first."""
    return _current
