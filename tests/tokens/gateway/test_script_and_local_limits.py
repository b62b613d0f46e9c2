"""The script in Redis and the limits of a process spend the same of the same calls, whatever limits, packs and times.

Rates are compared by what they let through at once: the script has a clock of its own."""

from typing import Any

import pytest
import redis
from django.conf import settings
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from tests.tokens.gateway.worlds import A_PASS
from tiers.facts import LimitFacts
from tokens.gateway import store
from tokens.gateway.ask import Spent
from tokens.gateway.limits import CALL, Limit, Pack, Scope
from tokens.gateway.local_limits import LocalLimits

NOON = 1_795_348_800.0
WORKSPACE, KEY = "wwwwwwwwwwww", "{wwwwwwwwwwww}:p:1"
SCOPES = (Scope.TOKEN, Scope.APPLICATION, Scope.WORKSPACE)
most = st.none() | st.integers(0, 6)
facts = st.builds(LimitFacts, st.none(), most, most)
# An allowance that is soon used up, so that packs are spent.
few = st.builds(LimitFacts, st.none(), st.integers(0, 2), most)
edges = st.integers(-3, 30).map(lambda days: NOON + days * 86_400 + 7)
packs = st.lists(st.tuples(st.integers(1, 4), st.just(0.0) | edges, st.none() | edges), max_size=3)
# How long after the last one, how much, and whether it is given back.
calls = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 20.0, 31.0, 3600.0, 86_400.0, 20 * 86_400.0]),
        st.integers(200, 3000),
        st.sampled_from([False, False, True]),
    ),
    min_size=6,
    max_size=25,
)


def limits_of(of: tuple[LimitFacts, ...], packed: list[tuple[int, float, float | None]]) -> list[Limit]:
    held = tuple(Pack(f"p{n}", calls, starts, ends) for n, (calls, starts, ends) in enumerate(packed))
    scopes = zip(SCOPES, "taw", of, strict=True)
    return [Limit(scope, name, one, held if scope is Scope.APPLICATION else ()) for scope, name, one in scopes]


def by_script(limits: list[Limit], units: int, now: float) -> store.Taken:
    """As it goes: of the stored pass, and where that is no longer good of what was just read."""
    taken = store.take(WORKSPACE, KEY, now, units=units)
    if taken is not None:
        return taken
    budget = store.budget(limits, now)
    edges = [at for limit in limits for pack in limit.packs for at in (pack.starts_at, pack.ends_at) if at]
    nothing = ([(0, 0) for _limit in limits], [0] * len(budget.packs))
    fill = store.Fill(1, now, A_PASS, None, nothing)
    soonest = min((at for at in edges if at > now), default=None)
    if soonest is not None:
        fill = store.Fill(1, now, A_PASS, store.datetime.fromtimestamp(soonest, store.UTC), nothing)
    return store.take_read(WORKSPACE, KEY, now, units=units, count=True, held=budget, fill=fill)


def left(states: Any) -> list[tuple[str, str, int]]:
    """Of the script's rows and of the local limits' states alike: scope, window and whole calls left."""
    return sorted((state.scope, state.name.removeprefix("requests_per_"), state.remaining) for state in states)


def left_by_script(taken: store.Taken) -> list[tuple[str, str, int]]:
    rows = zip(SCOPES, taken.states, strict=True)
    of = [(scope, window, row[i]) for scope, row in rows for window, i in (("day", 4), ("month", 6))]
    return sorted((scope.value, window, units // CALL) for scope, window, units in of if units >= 0)


@given(st.tuples(st.just(LimitFacts()) | facts, few | facts, st.just(LimitFacts()) | facts), packs, calls)
@profile(max_examples=150)
def test_both_spend_the_same(
    of: tuple[LimitFacts, ...], packed: list[tuple[int, float, float | None]], made: list[tuple[float, int, bool]]
) -> None:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    limits, local, now = limits_of(of, packed), LocalLimits(), NOON
    for wait, units, undone in made:
        now += wait
        found = by_script(limits, units, now)
        if undone:
            if found.status == store.TAKEN:
                store.give_back(Spent(WORKSPACE, units, ("tt", "aa", "ww"), found.packs), now)
            continue
        taken = local.take(limits, cost=units, now=now, count=True)
        assert (found.status == store.TAKEN) == (taken.refused is None)
        assert left_by_script(found) == left(taken.states)
        if taken.refused is not None:
            assert found.status == store.ALLOWANCE
            refusing = SCOPES[found.refusing]
            assert any(state.scope == refusing.value and state.remaining * CALL <= units for state in taken.states)


@given(st.lists(st.integers(1, 12) | st.none(), min_size=3, max_size=3), st.lists(st.booleans(), max_size=20))
@profile(max_examples=60)
def test_both_let_the_same_burst_through(rates: list[int | None], made: list[bool]) -> None:
    """Nothing comes back within the five seconds or more that one call of so slow a rate takes."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    limits = limits_of(tuple(LimitFacts(per_minute=rate) for rate in rates), [])
    budget, local = store.budget(limits), LocalLimits()
    fill = store.Fill(1, NOON, None, None, ([(0, 0)] * 3, []))
    began = _server_time()
    for allowed in made:
        units = 1 if allowed else 0
        found = store.take_read(WORKSPACE, KEY, NOON, units=units, count=True, held=budget, fill=fill)
        taken = local.take(limits, cost=1, now=NOON, count=allowed)
        if _server_time() - began >= 4:
            return  # too slow a machine to compare with one instant
        assert (found.status == store.TAKEN) == (taken.refused is None)
        if taken.by is not None:
            assert found.status == store.RATE
            assert SCOPES[found.refusing].value == taken.by.scope
        rows = zip(SCOPES, found.states, strict=True)
        assert sorted((scope.value, "minute", row[1]) for scope, row in rows if row[0] >= 0) == left(taken.states)


def _server_time() -> float:
    seconds, micros = redis.Redis.from_url(settings.REDIS_URL).time()  # type: ignore[misc]
    return float(seconds) + micros / 1e6


@pytest.mark.parametrize("other", [1, 3])
def test_a_version_that_is_announced_makes_the_stored_pass_no_good(other: int) -> None:
    limits = limits_of((LimitFacts(), LimitFacts(per_day=5), LimitFacts()), [])
    assert by_script(limits, CALL, NOON).status == store.TAKEN
    assert store.take(WORKSPACE, KEY, NOON, units=CALL) is not None
    redis.Redis.from_url(settings.REDIS_URL).hset(store.workspace_key(WORKSPACE), "v", other + 1)
    assert store.take(WORKSPACE, KEY, NOON, units=CALL) is None
