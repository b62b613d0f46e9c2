"""Counting attempts and spending allowances.

An attempt of a known token counts against its rate whatever comes of it; an allowance is spent by allowed calls alone.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

import structlog

from accounts.wire import Away
from tiers.entitlements import standing
from tiers.facts import Catalogue, TierFacts
from tokens.gateway import limits, local_limits, reservations, store, stored
from tokens.gateway.ask import Ask, LimitState, Pass, Spent
from tokens.gateway.limits import CALL, Limit, Scope
from tokens.gateway.local_limits import LocalLimits
from tokens.gateway.passes import Reading
from tokens.gateway.reservations import Wanted
from tokens.gateway.spent import Spent as SpentBefore
from tokens.gateway.store import Budget, State, Taken

log = structlog.get_logger(__name__)
REDIS_AWAY: Final = frozenset({"redis_away"})
_local: Final = LocalLimits()
MINUTE, DAY, MONTH = "requests_per_minute", "requests_per_day", "requests_per_month"


@dataclass(frozen=True, slots=True)
class Metered:
    """`refused`: store.RATE, ALLOWANCE or CONCURRENT where the limit `by` refuses, for `retry_after` seconds."""

    limits: tuple[LimitState, ...]
    refused: int | None = None
    by: LimitState | None = None
    retry_after: int = 0
    spent: Spent | None = None
    flags: frozenset[str] = frozenset()
    held_until: datetime | None = None


def units(ask: Ask, price: int) -> int:
    """What the call costs, in thousandths of a call, never less than was asked for. `price`: the model's, in calls."""
    return CALL * price if ask.cost == 1 else thousandths(ask.cost) * price


def thousandths(cost: float) -> int:
    return math.ceil(cost * CALL)


def bucket(ask: Ask) -> str:
    """Whose limits hold for a call without a token."""
    return limits.address_subject(ask.address, ask.gateway)


@lru_cache(maxsize=16)
def budget_of_address(tier: TierFacts) -> Budget:
    """The counter lies under a key of its own for each address, so its name need not tell them apart."""
    return store.budget(limits.of_address(tier, ""))


def of_token(
    reading: Reading,
    rights: Pass,
    catalogue: Catalogue,
    key: str | None,
    *,
    spend: int,
    count: bool,
    wanted: Wanted | None = None,
) -> Metered:
    """Meter an ask by what was just read, and store that for the asks to come. `spend`: units, 0 for a refusal.
    `count`: the attempt was not counted yet. `key`: where the pass may be stored, None where it may not. `wanted`:
    only hold it."""
    now, at = reading.now, reading.now.timestamp()
    held = limits.of(rights, standing(catalogue, rights.grants, rights.application.pk, now))
    budget = store.budget(held, at)
    fill = store.Fill(
        version=rights.rights_version,
        read_at=reading.read_at,
        blob=stored.encode(rights, budget.counters, now) if key else None,
        until=stored.until(rights, now),
        spent=_spent(held, budget, reading.spent),
    )
    try:
        if wanted is not None:
            return _reserved(wanted, rights.workspace, key, at, spend, count, budget, fill)
        taken = store.take_read(rights.workspace, key, at, units=spend, count=count, held=budget, fill=fill)
        if taken.status == store.ALLOWANCE and reservations.lapse(rights.workspace):
            taken = store.take_read(rights.workspace, key, at, units=spend, count=False, held=budget, fill=fill)
    except Away:
        return _by_ourselves(held, spend, at)
    spent = Spent(rights.workspace, spend, budget.counters, taken.packs) if spend else None
    return _metered(taken, budget.counters, at, spent)


def _by_ourselves(held: Sequence[Limit], spend: int, now: float) -> Metered:
    """Redis is away: each process counts for itself."""
    taken = _local.take(held, cost=spend, now=now, count=spend > 0)
    refused = {None: None, local_limits.RATE_LIMITED: store.RATE}.get(taken.refused, store.ALLOWANCE)
    return Metered(_tightest(taken.states), refused, taken.by, taken.retry_after, flags=REDIS_AWAY)


def of_address(
    ask: Ask, tier: TierFacts, now: datetime, *, spend: int, count: bool, wanted: Wanted | None = None
) -> Metered:
    at, held, name = now.timestamp(), budget_of_address(tier), bucket(ask)
    try:
        if wanted is not None:
            owner = store.of_address(name)
            return _reserved(wanted, owner, f"{{{owner}}}:p", at, spend, count, held, None)
        taken = store.take_of_address(name, at, units=spend, held=held, count=count)
    except Away:
        return _by_ourselves(limits.of_address(tier, name), spend, at)
    return _metered(taken, held.counters, at, None)


def give_back(spent: Spent, now: float) -> None:
    """For a call that was refused after all. Redis that is away has lost the count with the rest."""
    try:
        if spent.held is None:
            store.give_back(spent, now)
        else:
            reservations.cancel(spent.workspace, spent.held, "forget")
    except Away as error:
        log.warning("not_given_back", error=str(error), units=spent.units)


def states(found: Sequence[State], counters: Sequence[str], now: float) -> tuple[LimitState, ...]:
    """Of each kind of limit that one with the least left."""
    if len(found) == 1:
        return tuple(_of_scope(found[0], counters[0], now))
    pairs = zip(found, counters, strict=True)
    return _tightest([one for state, counter in pairs for one in _of_scope(state, counter, now)])


def _tightest(found: Iterable[LimitState]) -> tuple[LimitState, ...]:
    kept: dict[str, LimitState] = {}
    for state in found:
        other = kept.get(state.name)
        if other is None or state.remaining < other.remaining:
            kept[state.name] = state
    return tuple(kept.values())


def _of_scope(state: State, counter: str, now: float) -> list[LimitState]:
    scope = store.SCOPES[counter[0]]
    rate, left, reset, day, day_left, month, month_left = state
    found = [] if rate < 0 else [LimitState(MINUTE, rate, left, reset, scope)]
    if day >= 0 or month >= 0:
        day_ends, month_ends = store.seconds_left(now)
        if day >= 0:
            found.append(LimitState(DAY, day // CALL, day_left // CALL, day_ends, scope))
        if month >= 0:
            found.append(LimitState(MONTH, month // CALL, month_left // CALL, month_ends, scope))
    return found


def _metered(taken: Taken, counters: Sequence[str], now: float, spent: Spent | None) -> Metered:
    told = states(taken.states, counters, now)
    if taken.status == store.TAKEN:
        return Metered(told, spent=spent)
    refusing = _of_scope(taken.states[taken.refusing], counters[taken.refusing], now)
    if taken.status == store.RATE:
        by = next(state for state in refusing if state.name == MINUTE)
        return Metered(told, store.RATE, by, max(1, taken.retry_after))
    # What lasts longer is what the caller must know of.
    used_up = [state for state in refusing if state.name != MINUTE]
    by = min(used_up, key=lambda state: (state.remaining, -state.reset))
    return Metered(told, store.ALLOWANCE, by, by.reset)


def _reserved(
    wanted: Wanted,
    owner: str,
    key: str | None,
    now: float,
    spend: int,
    count: bool,
    held: Budget,
    fill: store.Fill | None,
) -> Metered:
    """Spend it for the time being, and be one of the calls at once. Raises Away, Known."""
    arguments = store.arguments(now, units=spend, count=count, held=held, fill=fill)
    found = reservations.reserve(wanted, owner, key or store.no_key(owner), arguments)
    taken = found.taken
    spent = Spent(owner, spend, held.counters, taken.packs, held=wanted.name)
    told = states_at_once(taken.states, found.at_once, held.counters, now)
    if taken.status == store.CONCURRENT:
        refusing = slice(taken.refusing, taken.refusing + 1)
        (by,) = reservations.states(found.at_once[refusing], held.counters[refusing])
        return Metered(told, store.CONCURRENT, by, reservations.RETRY_AFTER)
    metered = _metered(taken, held.counters, now, spent)
    return replace(metered, limits=told, held_until=found.ends if taken.status == store.TAKEN else None)


def states_at_once(
    found: Sequence[State], at_once: Sequence[Sequence[int]], counters: Sequence[str], now: float
) -> tuple[LimitState, ...]:
    """With the limits of calls at once."""
    return _tightest([*states(found, counters, now), *reservations.states(at_once, counters)])


def _spent(held: Sequence[Limit], budget: Budget, before: SpentBefore) -> tuple[list[tuple[int, int]], list[int]]:
    """Of day and month by each limit, and of each pack. What packs paid for is not spent of the application's own."""
    rows = []
    for limit in held:
        day, month = before.day.get(limit.scope, 0), before.month.get(limit.scope, 0)
        if limit.scope is Scope.APPLICATION:
            day -= before.day_of_packs.get(limit.scope, 0)
            month -= before.month_of_packs.get(limit.scope, 0)
        rows.append((day, month))
    return rows, [before.packs.get(pack, 0) for pack in budget.packs]
