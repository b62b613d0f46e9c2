"""Limits counted in this process alone: what holds while Redis is away, and what its script is tested against.

Bounded in memory: of more subjects than there is room for, the one that was asked for least lately is forgotten.
"""

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, TypeVar

from tokens.gateway import gcra
from tokens.gateway.ask import LimitState
from tokens.gateway.limits import CALL, Limit, Pack, Scope

PER_MINUTE, PER_DAY, PER_MONTH = "requests_per_minute", "requests_per_day", "requests_per_month"
AT_ONCE: Final = "concurrent_calls"
RATE_LIMITED, USED_UP = "rate_limited", "allowance_used_up"
MOST_SUBJECTS: Final = 50_000
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Taken:
    """`states`: of each limit, after this call. `refused`: the code of the refusal, by the limit `by`; `retry_after`
    in seconds."""

    states: tuple[LimitState, ...]
    refused: str | None = None
    retry_after: int = 0
    by: LimitState | None = None


@dataclass(slots=True)
class Count:
    """What one subject has used, in thousandths of a call."""

    full_at: float = 0.0
    day: int = 0
    month: int = 0
    spent_today: int = 0
    spent_this_month: int = 0

    def turn(self, now: float) -> None:
        """Begin a new day or month where one has begun."""
        day, month = gcra.current(self.day, gcra.day_of(now)), gcra.current(self.month, gcra.month_of(now))
        if day != self.day:
            self.day, self.spent_today = day, 0
        if month != self.month:
            self.month, self.spent_this_month = month, 0


class LocalLimits:
    """Safe for threads."""

    def __init__(self, most_subjects: int = MOST_SUBJECTS) -> None:
        self._most = most_subjects
        self._lock = Lock()
        self._known: OrderedDict[tuple[Scope, str], Count] = OrderedDict()
        # Strangers have addresses enough to push out everybody, so they push out one another.
        self._strangers: OrderedDict[str, Count] = OrderedDict()
        # A pack of the workspace is spent by any of its applications.
        self._packs: OrderedDict[str, int] = OrderedDict()

    def take(self, limits: Sequence[Limit], *, cost: int, now: float, count: bool) -> Taken:
        """One call of `cost` thousandths at `now` (Unix time). Where one limit refuses, nothing is spent of any; but an
        attempt that an allowance refuses has spent of the rates.

        `count`: the call is allowed by all else and spends of allowances; else it is an attempt, which the rates alone
        count."""
        with self._lock:
            counts = [self._count_of(limit, now) for limit in limits]
            late = self._take_rates(limits, counts, now)
            if late is not None:
                by, wait = late
                return Taken(self._states(limits, counts, now), RATE_LIMITED, max(1, math.ceil(wait)), by)
            cost = cost if count else 0
            spent = [state for pair in zip(limits, counts, strict=True) for state in self._too_small(*pair, cost, now)]
            if spent:
                by = max(spent, key=lambda state: state.reset)
                return Taken(self._states(limits, counts, now), USED_UP, by.reset, by)
            for limit, kept in zip(limits, counts, strict=True):
                self._spend(limit, kept, cost, now)
            return Taken(self._states(limits, counts, now))

    def forget(self) -> None:
        with self._lock:
            self._known.clear()
            self._strangers.clear()
            self._packs.clear()

    def __len__(self) -> int:
        return len(self._known) + len(self._strangers) + len(self._packs)

    def _count_of(self, limit: Limit, now: float) -> Count:
        if limit.scope is Scope.ADDRESS:
            count = _kept(self._strangers, limit.subject, Count(), self._most)
        else:
            count = _kept(self._known, (limit.scope, limit.subject), Count(), self._most)
        count.turn(now)
        return count

    def _take_rates(
        self, limits: Sequence[Limit], counts: Sequence[Count], now: float
    ) -> tuple[LimitState, float] | None:
        """One call of every rate, or of none: then the limit that passes one last, and after how many seconds."""
        taken: list[tuple[Count, float]] = []
        late: list[tuple[LimitState, float]] = []
        for limit, count in zip(limits, counts, strict=True):
            if limit.facts.per_minute is None:
                continue
            full_at, wait = gcra.ask(count.full_at, limit.facts.per_minute, now)
            taken.append((count, full_at))
            if wait:
                count.full_at = full_at
                late.append((_rate_state(limit, count, limit.facts.per_minute, now), wait))
        if late:
            return max(late, key=lambda one: one[1])
        for count, full_at in taken:
            count.full_at = full_at
        return None

    def _too_small(self, limit: Limit, count: Count, cost: int, now: float) -> Iterator[LimitState]:
        """The allowances that cannot bear the call."""
        packed = self._packed(limit, now)
        for name, most, left, reset in _allowances(limit, count, now):
            if left + packed < cost:
                yield LimitState(name, most, (left + packed) // CALL, reset, limit.scope.value)

    def _spend(self, limit: Limit, count: Count, cost: int, now: float) -> None:
        """Of the limit's own first, then of the packs in their order."""
        own = min([cost, *(left for _name, _most, left, _reset in _allowances(limit, count, now))])
        count.spent_today += own
        count.spent_this_month += own
        rest = cost - own
        for pack in limit.packs if rest else ():
            part = min(rest, self._left_of(pack, now))
            if part:
                self._packs[pack.id] = _kept(self._packs, pack.id, 0, self._most) + part
                rest -= part

    def _packed(self, limit: Limit, now: float) -> int:
        return sum(self._left_of(pack, now) for pack in limit.packs)

    def _left_of(self, pack: Pack, now: float) -> int:
        return max(0, pack.calls * CALL - self._packs.get(pack.id, 0)) if pack.is_there(now) else 0

    def _states(self, limits: Sequence[Limit], counts: Sequence[Count], now: float) -> tuple[LimitState, ...]:
        return tuple(
            state for limit, count in zip(limits, counts, strict=True) for state in self._states_of(limit, count, now)
        )

    def _states_of(self, limit: Limit, count: Count, now: float) -> Iterator[LimitState]:
        if limit.facts.per_minute is not None:
            yield _rate_state(limit, count, limit.facts.per_minute, now)
        packed = self._packed(limit, now)
        for name, most, left, reset in _allowances(limit, count, now):
            yield LimitState(name, most, (left + packed) // CALL, reset, limit.scope.value)


def _kept(values: OrderedDict[Key, Value], key: Key, new: Value, most: int) -> Value:
    """The value of that key, from now on the one that was asked for last."""
    value = values.setdefault(key, new)
    values.move_to_end(key)
    if len(values) > most:
        values.popitem(last=False)
    return value


def _rate_state(limit: Limit, count: Count, per_minute: int, now: float) -> LimitState:
    left = gcra.remaining(count.full_at, per_minute, now)
    return LimitState(PER_MINUTE, per_minute, left, gcra.reset(count.full_at, now), limit.scope.value)


def _allowances(limit: Limit, count: Count, now: float) -> Iterator[tuple[str, int, int, int]]:
    """Of the day and of the month, where there is one: its name, how much it is (calls), what is left of it
    (thousandths; a limit that was lowered may be overdrawn), and in how many seconds it is there again."""
    facts = limit.facts
    if facts.per_day is not None:
        left = max(0, facts.per_day * CALL - count.spent_today)
        yield PER_DAY, facts.per_day, left, gcra.until_next_day(now)
    if facts.per_month is not None:
        left = max(0, facts.per_month * CALL - count.spent_this_month)
        yield PER_MONTH, facts.per_month, left, gcra.until_next_month(now)
