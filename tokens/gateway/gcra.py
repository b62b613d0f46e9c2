"""The arithmetic of limits, pure: a smooth rate, and allowances by UTC day and calendar month. Times are Unix times.

The rate is GCRA, the generic cell rate algorithm. All that is kept of it is one instant, `full_at`: when the whole
burst is there again. Of R calls a minute the burst is R and one more comes back each 60/R seconds, so that t seconds
see at most R + R·t/60 calls, and whoever asks without pause gets at least one less than that.
"""

import math
from datetime import UTC, datetime
from typing import Final

PERIOD: Final = 60.0
DAY: Final = 86_400
# Instants as floats: what differs by less is the same.
_SAME: Final = 1e-6


def ask(full_at: float, per_minute: int, now: float) -> tuple[float, float]:
    """A call at `now`: the new `full_at`, and 0 where it passes; else the one that stays, and the seconds until one
    would. What stays is kept too: a clock that went back leaves nobody waiting for longer than a whole burst takes."""
    interval = PERIOD / per_minute
    full_at = min(max(full_at, now), now + PERIOD)
    wait = full_at + interval - PERIOD - now
    return (full_at, wait) if wait > _SAME else (full_at + interval, 0.0)


def remaining(full_at: float, per_minute: int, now: float) -> int:
    """How many calls would pass at once."""
    used = max(0.0, full_at - now)
    return max(0, math.floor((PERIOD - used + _SAME) * per_minute / PERIOD))


def reset(full_at: float, now: float) -> int:
    """Seconds until the burst is whole."""
    return max(0, math.ceil(min(full_at - now, PERIOD) - _SAME))


def day_of(now: float) -> int:
    """The number of the UTC day."""
    return int(now // DAY)


def month_of(now: float) -> int:
    """The number of the calendar month in UTC."""
    at = datetime.fromtimestamp(now // 1, UTC)
    return at.year * 12 + at.month - 1


def until_next_day(now: float) -> int:
    """Seconds, at least 1."""
    return max(1, math.ceil((day_of(now) + 1) * DAY - now))


def until_next_month(now: float) -> int:
    """Seconds, at least 1."""
    year, month = divmod(month_of(now) + 1, 12)
    return max(1, math.ceil(datetime(year, month + 1, 1, tzinfo=UTC).timestamp() - now))


def current(kept: int, window: int) -> int:
    """The day or month that a call counts into, where the last one counted into `kept`: a clock that is a little behind
    begins no old one anew, and one that was far ahead is not believed."""
    return kept if kept - 1 <= window <= kept else window
