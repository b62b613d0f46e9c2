"""PostgreSQL's clock, as this process last read it: a machine whose own clock is wrong decides as the others do."""

import time

_ahead = 0.0


def now() -> float:
    """Seconds since 1970."""
    return time.time() + _ahead


def learn(postgresql: float, before: float) -> None:
    """`postgresql`: what its clock said, to a question asked at `before` (`time.time()`) and answered just now."""
    global _ahead
    _ahead = postgresql - (before + time.time()) / 2
