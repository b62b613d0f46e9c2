"""PostgreSQL's clock, as this process last read it: a machine whose own clock is wrong decides as the others do."""

import time

_ahead = 0.0


def now() -> float:
    """Seconds since 1970."""
    return time.time() + _ahead


def learn(postgresql: float, before: float) -> None:
    """`postgresql`: what its clock said, to a question asked at `before` (`time.time()`) and answered just now.

    A slow answer says little of when within that time it was given, so what it does not contradict stays."""
    global _ahead
    least, most = postgresql - time.time(), postgresql - before
    if not least <= _ahead <= most:
        _ahead = (least + most) / 2
