"""Within which time access requests of a kind are usually decided, as applicants are told."""

import math
import threading
import time
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from accounts import clock
from tiers.durations import spoken
from tokens.selectors.review_reckoning import DECIDED

OF_LAST: Final = timedelta(days=90)
FEWEST: Final = 5
KEPT_SECONDS: Final = 300
# Four in five are decided within it: half of all would be disappointed by the median.
_SQL: Final = f"""{DECIDED}
SELECT coalesce('tier:' || slug, 'model'), percentile_cont(0.8) WITHIN GROUP (ORDER BY seconds)
  FROM decided LEFT JOIN tiers_tier ON tiers_tier.id = tier_id
 GROUP BY 1 HAVING count(*) >= %(fewest)s
"""  # noqa: S608


class _Kept:
    """What this process read last: pages must not ask again and again, nor wait for Redis."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._found: dict[str, timedelta] = {}
        self._read_at = -math.inf

    def times(self) -> dict[str, timedelta]:
        with self._lock:
            if time.monotonic() - self._read_at >= KEPT_SECONDS:
                self._found = _read(clock.now())
                self._read_at = time.monotonic()
            return self._found


_kept = _Kept()
forget = _kept.forget


def usual_time(kind: str) -> timedelta | None:
    """`kind` is "model", or "tier:" and a slug. None where too few were decided lately to say. At most one query, and
    none for the next minutes."""
    return _kept.times().get(kind)


def in_words(kind: str) -> str:
    """As people say it, in whole hours or days: "2 days". Empty where there is too little to say."""
    found = usual_time(kind)
    if found is None:
        return ""
    hours = max(1, math.ceil(found.total_seconds() / 3600))
    return spoken(timedelta(hours=hours) if hours < 24 else timedelta(days=math.ceil(hours / 24)))


def _read(now: datetime) -> dict[str, timedelta]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"since": now - OF_LAST, "fewest": FEWEST})
        return {kind: timedelta(seconds=seconds) for kind, seconds in cursor.fetchall()}
