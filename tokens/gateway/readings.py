"""Reading a token's pass from PostgreSQL: asks that wait share one reading.

A refusal must rest on what was read after its ask arrived. So an ask joins a reading that has not begun, never one that
is under way: however many ask for one token at once, this process reads it one at a time.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tokens.gateway import passes
from tokens.gateway.passes import Reading


@dataclass(slots=True)
class _Shared:
    """`users` counts who stands in line; guarded by `_guard`."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0
    next: "_Flight | None" = None


@dataclass(slots=True)
class _Flight:
    reading: Reading | None = None
    error: Exception | None = None
    flown: bool = False


_guard = threading.Lock()
_lines: dict[bytes, _Shared] = {}


def read(digests: Mapping[int, bytes]) -> Reading:
    """The pass of the token with one of these hashes (one a key version, the current one first; none for an ask
    without a token), read after this call began. Raises django.db.Error."""
    name = next(iter(digests.values()), b"")
    with _guard:
        line = _lines.setdefault(name, _Shared())
        line.users += 1
        flight = line.next = line.next or _Flight()
    try:
        with line.turn:
            if not flight.flown:
                with _guard:
                    line.next = None
                _fly(flight, digests)
    finally:
        with _guard:
            line.users -= 1
            if line.users == 0:
                del _lines[name]
    if flight.error is not None:
        raise flight.error
    if flight.reading is None:
        raise RuntimeError("A reading ended without a result.")
    return flight.reading


def _fly(flight: _Flight, digests: Mapping[int, bytes]) -> None:
    try:
        flight.reading = passes.read(digests.values())
    except Exception as error:  # noqa: BLE001  Each that waits for it raises it.
        flight.error = error
    finally:
        flight.flown = True
