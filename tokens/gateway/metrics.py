"""What gateways were answered, counted for Prometheus.

A decision takes microseconds, and one observation of the client library as long again, since it writes to a mapped file
for each figure. So a call only appends to a list of this process, and each second `flush()` moves what the lists hold
into the library's files, a file a process, which whoever answers `GET /metrics` adds up.

No count is lost or made twice. `append`, a slice, and the deletion of a slice are each one step under the interpreter's
lock: an append that comes between the slice and its deletion lands behind both. Flushes take turns by a lock that no
call waits for. A process that is killed takes at most the last second with it.
"""

import threading
from bisect import bisect_right
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from django.conf import settings
from prometheus_client import Counter, Histogram

STORED_PASS: Final = "stored_pass"  # noqa: S105
POSTGRESQL: Final = "postgresql"
# A text that cannot be a token: nothing else was looked at.
TEXT: Final = "text"
# The least to the most that a decision is waited for, in seconds.
BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# Where nobody flushes any more, a call does it before the lists fill the memory.
_MOST: Final = 200_000
# Sorted in one step, in which no call is answered.
_AT_ONCE: Final = 1000


class Event(StrEnum):
    """What happens on the way to a decision. Hits need no counting: they are the decisions from a stored pass."""

    MISS = "miss"
    REFUSAL_CONFIRMED = "refusal_confirmed"
    PASS_CONFIRMED = "pass_confirmed"  # noqa: S105
    REDIS_AWAY = "redis_away"
    POSTGRESQL_AWAY = "postgresql_away"


class _Latencies(Histogram):
    def observe_sorted(self, seconds: list[float]) -> None:
        """Many at once, from the shortest on: one write a bucket, and none a call."""
        before = 0
        for bucket, bound in zip(self._buckets, self._upper_bounds, strict=True):
            upto = bisect_right(seconds, bound)
            if upto > before:
                bucket.inc(upto - before)
            before = upto
        self._sum.inc(sum(seconds))


# All have labels: a figure without any would open its file as soon as it is imported, by whatever command.
_decisions = Counter(
    "trellis_decisions", "Decisions, by their code and by what they rest on.", ["code", "source"], registry=None
)
_seconds = _Latencies(
    "trellis_decision_seconds",
    "How long a decision took, without the server's own reading and writing.",
    ["source"],
    buckets=BUCKETS,
    registry=None,
)
_lookups = Counter(
    "trellis_stored_passes", "Passes looked for in Redis that were there (hit) or not.", ["result"], registry=None
)
_confirmed = Counter(
    "trellis_confirmed",
    "Refusals, and passes too old to be believed, confirmed by PostgreSQL before they were used.",
    ["what"],
    registry=None,
)
_fallbacks = Counter("trellis_fallbacks", "Decisions made while Redis or PostgreSQL was away.", ["away"], registry=None)

# event → its figure, and the label under which it counts there.
_FIGURES: Final = {
    Event.MISS: (_lookups, "miss"),
    Event.REFUSAL_CONFIRMED: (_confirmed, "refusal"),
    Event.PASS_CONFIRMED: (_confirmed, "pass"),
    Event.REDIS_AWAY: (_fallbacks, "redis"),
    Event.POSTGRESQL_AWAY: (_fallbacks, "postgresql"),
}

_T = TypeVar("_T")
_noted: dict[tuple[str, str], list[float]] = {}
_happened: dict[Event, list[None]] = {event: [] for event in Event}
_flushing = threading.Lock()


def note(code: str, seconds: float, *, source: str = POSTGRESQL) -> None:
    """Count one decision. `source`: what it rests on: POSTGRESQL, STORED_PASS or TEXT."""
    try:
        spent = _noted[code, source]
    except KeyError:
        spent = _noted.setdefault((code, source), [])
    spent.append(seconds)
    if len(spent) > _MOST:
        flush()


def count(event: Event) -> None:
    """Count what happened on the way to one decision."""
    _happened[event].append(None)


def flush() -> None:
    """Move what was counted into this process's files. Raises OSError."""
    with _flushing:
        open_folder()
        for (code, source), spent in list(_noted.items()):
            if taken := _taken(spent):
                _decisions.labels(code, source).inc(len(taken))
                for start in range(0, len(taken), _AT_ONCE):
                    _seconds.labels(source).observe_sorted(sorted(taken[start : start + _AT_ONCE]))
                if source == STORED_PASS:
                    _lookups.labels("hit").inc(len(taken))
        for event, (figure, label) in _FIGURES.items():
            if times := len(_taken(_happened[event])):
                figure.labels(label).inc(times)


def _taken(noted: "list[_T]") -> "list[_T]":
    taken = noted[:]
    del noted[: len(taken)]
    return taken


def open_folder() -> None:
    """Have the folder of the files. Raises OSError."""
    Path(settings.METRICS_DIR).mkdir(parents=True, exist_ok=True)


def forget_ended() -> None:
    """Remove the files of processes that have ended, when the server starts: else each start adds some, and they are
    all read each time. Raises OSError. Nothing but the library's own files is removed, whatever folder was named."""
    for kind in ("counter", "histogram"):
        for path in Path(settings.METRICS_DIR).glob(f"{kind}_*.db"):
            path.unlink(missing_ok=True)
