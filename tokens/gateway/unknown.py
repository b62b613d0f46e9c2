"""Tokens that were found unknown a moment ago: a text that is none of ours does not become one. Bounded, and brief."""

import time
from collections.abc import Mapping
from typing import Final

_SECONDS: Final = 10.0
_MOST: Final = 10_000
_seen: dict[bytes, float] = {}


def is_known_as(digests: Mapping[int, bytes]) -> bool:
    """Whether the token was found unknown in the last seconds."""
    at = _seen.get(next(iter(digests.values())))
    return at is not None and time.monotonic() - at < _SECONDS


def remember(digests: Mapping[int, bytes]) -> None:
    """The oldest are forgotten first."""
    _seen[next(iter(digests.values()))] = time.monotonic()
    while len(_seen) > _MOST:
        try:
            del _seen[next(iter(_seen))]
        except (KeyError, RuntimeError, StopIteration):
            # Another thread was quicker.
            return


def forget() -> None:
    """For tests, which roll tokens back."""
    _seen.clear()
