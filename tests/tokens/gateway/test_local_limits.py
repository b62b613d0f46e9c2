"""Rates and allowances: what holds of them at any moments, any limits and any order of calls."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiers.facts import LimitFacts
from tokens.gateway import gcra
from tokens.gateway.limits import CALL, Limit, Pack, Scope
from tokens.gateway.local_limits import LocalLimits

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
rates = st.integers(1, 5000)
waits = st.lists(st.floats(0, 90, allow_nan=False) | st.just(0.0), min_size=1, max_size=60)


def application(**facts: int) -> Limit:
    return Limit(Scope.APPLICATION, "app", LimitFacts(**facts))


def packed(*packs: Pack, **facts: int) -> Limit:
    return Limit(Scope.APPLICATION, "app", LimitFacts(**facts), packs)


def take(local: LocalLimits, *limits: Limit, cost: int = CALL, now: float = NOON, count: bool = True) -> str:
    return local.take(limits, cost=cost, now=now, count=count).refused or "ok"


def left(local: LocalLimits, *limits: Limit, now: float = NOON) -> dict[str, int]:
    taken = local.take(limits, cost=CALL, now=now, count=False)
    return {f"{state.scope} {state.name.removeprefix('requests_per_')}": state.remaining for state in taken.states}


@given(rates, waits)
def test_a_rate_lets_no_more_through_than_its_burst_and_what_came_back(per_minute: int, waiting: list[float]) -> None:
    local, now, passed = LocalLimits(), NOON, []
    for wait in waiting:
        now += wait
        for _ask in range(5):
            if take(local, application(per_minute=per_minute), now=now) == "ok":
                passed.append(now)
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= per_minute + per_minute * (passed[last] - start) / 60 + 1e-3


@given(st.integers(1, 300), st.integers(1, 4))
def test_whoever_asks_without_pause_gets_all_but_one_of_it(per_minute: int, minutes: int) -> None:
    local, limit = LocalLimits(), application(per_minute=per_minute)
    steps = per_minute * minutes * 2
    times = [NOON + step * minutes * 60 / steps for step in range(steps + 1)]
    passed = sum(take(local, limit, now=now) == "ok" for now in times for _twice in range(2))
    assert passed >= min(2 * len(times), per_minute + per_minute * minutes - 1)


@given(rates, waits)
def test_a_refused_call_passes_after_the_seconds_it_was_told(per_minute: int, waiting: list[float]) -> None:
    local, now, limit = LocalLimits(), NOON, application(per_minute=per_minute)
    for wait in waiting:
        now += wait
        while (taken := local.take([limit], cost=CALL, now=now, count=True)).refused is None:
            assert 0 <= taken.states[0].remaining < per_minute
        assert taken.refused == "rate_limited"
        assert taken.states[0].remaining == 0
        assert 1 <= taken.retry_after <= 61
        assert take(local, limit, now=now + taken.retry_after) == "ok"
        now += taken.retry_after


def test_a_clock_that_went_back_an_hour_keeps_nobody_waiting_for_it() -> None:
    local, limit = LocalLimits(), application(per_minute=1)
    assert take(local, limit, now=NOON) == "ok"
    late = local.take([limit], cost=CALL, now=NOON - 3600, count=True)
    assert (late.refused, late.retry_after) == ("rate_limited", 60)
    assert take(local, limit, now=NOON - 3540) == "ok"


@given(st.integers(1, 50), st.lists(st.integers(1, 5000), min_size=1, max_size=80))
def test_an_allowance_is_spent_to_the_thousandth_and_never_over(per_day: int, costs: list[int]) -> None:
    local, spent = LocalLimits(), 0
    for cost in costs:
        answer = take(local, application(per_day=per_day), cost=cost)
        assert (answer == "ok") == (spent + cost <= per_day * CALL)
        spent += cost if answer == "ok" else 0
        assert left(local, application(per_day=per_day)) == {"application day": (per_day * CALL - spent) // CALL}


@given(st.integers(0, 4), st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(400, 3000))
def test_packs_are_spent_after_the_tiers_own_and_the_soonest_to_end_first(
    own: int, packs: list[int], cost: int
) -> None:
    local = LocalLimits()
    found = [Pack(f"p{i}", calls, 0.0, NOON + 60 + i) for i, calls in enumerate(packs)]
    limit = packed(*found, per_day=own + 1)
    total, spent = (own + 1 + sum(packs)) * CALL, 0
    while take(local, limit, cost=cost) == "ok":
        spent += cost
        assert left(local, limit)["application day"] == (total - spent) // CALL
        assert left(local, application(per_day=own + 1))["application day"] == max(0, (own + 1) * CALL - spent) // CALL
        for i, pack in enumerate(found):
            before = (own + 1 + sum(packs[:i])) * CALL
            gone = min(max(0, spent - before), pack.calls * CALL)
            alone = left(local, packed(pack, per_month=1_000_000))["application month"]
            assert alone == (1_000_000 * CALL - min(spent, (own + 1) * CALL) + pack.calls * CALL - gone) // CALL
    assert total - spent < cost


def test_a_pack_that_ended_or_has_not_begun_bears_nothing() -> None:
    limit = packed(Pack("old", 9, 0.0, NOON), Pack("new", 9, NOON + 1), per_day=1)
    assert [take(LocalLimits(), limit), take(LocalLimits(), limit, cost=2 * CALL)] == ["ok", "allowance_used_up"]


def test_a_pack_of_a_workspace_is_one_for_all_its_applications_and_gives_way_to_no_cap() -> None:
    local, pack = LocalLimits(), Pack("p", 2, 0.0)
    one, other = (Limit(Scope.APPLICATION, name, LimitFacts(per_day=1), (pack,)) for name in ("one", "other"))
    assert [take(local, one) for _call in range(2)] == ["ok", "ok"]
    assert [take(local, other) for _call in range(3)] == ["ok", "ok", "allowance_used_up"]
    cap = Limit(Scope.TOKEN, "t", LimitFacts(per_day=1))
    fresh = LocalLimits()
    assert [take(fresh, cap, one) for _call in range(2)] == ["ok", "allowance_used_up"]


def test_all_limits_hold_at_once_and_a_call_that_one_refuses_spends_of_none() -> None:
    local = LocalLimits()
    narrow, wide = Limit(Scope.TOKEN, "t", LimitFacts(per_minute=2)), application(per_minute=5, per_day=3)
    assert [take(local, narrow, wide) for _call in range(3)] == ["ok", "ok", "rate_limited"]
    assert left(local, wide) == {"application minute": 2, "application day": 1}
    taken = local.take([narrow, wide], cost=CALL, now=NOON, count=True)
    assert taken.by is not None
    assert (taken.by.scope, taken.by.name, taken.by.limit) == ("token", "requests_per_minute", 2)


def test_an_attempt_spends_of_rates_alone_and_one_that_an_allowance_refuses_has_spent_of_them() -> None:
    local, limit = LocalLimits(), application(per_minute=4, per_day=1, per_month=9)
    assert take(local, limit, count=False) == "ok"
    assert take(local, limit) == "ok"
    taken = local.take([limit], cost=CALL, now=NOON, count=True)
    assert taken.refused == "allowance_used_up"
    assert {state.name: state.remaining for state in taken.states} == {
        "requests_per_minute": 1,
        "requests_per_day": 0,
        "requests_per_month": 8,
    }
    assert taken.by is not None
    assert (taken.by.name, taken.retry_after) == ("requests_per_day", 12 * 3600)


def test_what_is_waited_for_is_the_allowance_that_comes_back_last() -> None:
    local, limit = LocalLimits(), application(per_day=1, per_month=1)
    assert take(local, limit) == "ok"
    taken = local.take([limit], cost=CALL, now=NOON, count=True)
    assert taken.by is not None
    assert (taken.by.name, taken.retry_after) == ("requests_per_month", int(8.5 * 86_400))


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ("2026-11-22T23:59:59", "2026-11-23T00:00:00", {"per_day": 1}),
        ("2026-12-31T23:59:59", "2027-01-01T00:00:00", {"per_month": 1}),
        ("2028-02-29T23:59:59", "2028-03-01T00:00:00", {"per_month": 1}),
    ],
)
def test_a_new_day_or_month_in_utc_is_a_new_allowance(before: str, after: str, again: dict[str, int]) -> None:
    local, limit = LocalLimits(), application(**again)
    then, now = (datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (before, after))
    assert [take(local, limit, now=at) for at in (then, then, now, now)] == ["ok", "allowance_used_up"] * 2
    assert take(local, limit, now=then) == "allowance_used_up", "a clock a little behind begins no old day anew"


@given(st.floats(1.5e9, 2.5e9))
def test_a_window_ends_in_the_seconds_that_are_told(now: float) -> None:
    assert gcra.day_of(now + gcra.until_next_day(now)) == gcra.day_of(now) + 1
    assert gcra.day_of(now + gcra.until_next_day(now) - 1) == gcra.day_of(now)
    assert gcra.month_of(now + gcra.until_next_month(now)) == gcra.month_of(now) + 1
    assert gcra.month_of(now + gcra.until_next_month(now) - 1) == gcra.month_of(now)


def test_memory_is_bounded_and_strangers_push_out_no_holder_of_a_token() -> None:
    local, mine = LocalLimits(most_subjects=10), application(per_day=1)
    assert take(local, mine) == "ok"
    for number in range(1000):
        take(local, Limit(Scope.ADDRESS, str(number), LimitFacts(per_day=1)))
    assert len(local) == 11
    assert take(local, mine) == "allowance_used_up"


def test_sixteen_threads_get_exactly_what_there_is() -> None:
    local, limit = LocalLimits(), application(per_minute=1000, per_day=100)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _call: take(local, limit), range(400)))
    assert answers.count("ok") == 100
