"""The script that spends limits in Redis, beside the plain model of them: the same calls, the same answers."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from accounts.announcing import workspace_key
from accounts.ids import new_public_id
from accounts.wire import pack
from tests.tokens.gateway.worlds import A_PASS
from tiers.facts import LimitFacts
from tokens.gateway import store
from tokens.gateway.limits import CALL, Limit, Pack, Scope
from tokens.gateway.local_limits import PER_DAY, PER_MONTH, LocalLimits

NOON = 1_795_348_800.0  # 2026-11-22T12:00Z
FOREVER = 10**15
HOUR, DAY = 3600.0, 86_400.0


@dataclass
class Both:
    """One token's limits, in Redis and in the model. The first call writes the pass, the others rest on it."""

    held: tuple[Limit, ...]
    stored: bool = False

    def __post_init__(self) -> None:
        self.workspace, self.model = new_public_id(), LocalLimits()
        self.key = store.pass_key(self.workspace, "token")

    def redis(self, now: float, units: int, count: bool = False) -> store.Taken:
        if self.stored:
            taken = store.take(self.workspace, self.key, now, units=units, fresh_ms=FOREVER)
            assert taken is not None
            return taken
        self.stored, budget = True, store.budget(self.held, now)
        nothing = ([(0, 0) for _limit in self.held], [0 for _pack in budget.packs])
        fill = store.Fill(version=1, read_at=now, blob=A_PASS, until=None, spent=nothing)
        return store.take_read(self.workspace, self.key, now, units=units, count=count, held=budget, fill=fill)

    def call(self, now: float, units: int) -> None:
        taken, told = self.redis(now, units), self.model.take(self.held, cost=units, now=now, count=True)
        assert (taken.status == store.ALLOWANCE) == (told.refused is not None), (now, units, told)
        expected = {(state.scope, state.name): state.remaining for state in told.states}
        for row, limit in zip(taken.states, self.held, strict=True):
            day, day_left, month, month_left = row[3:]
            assert (day_left // CALL if day >= 0 else None) == expected.get((str(limit.scope), PER_DAY))
            assert (month_left // CALL if month >= 0 else None) == expected.get((str(limit.scope), PER_MONTH))


pytestmark = pytest.mark.usefixtures("patient_redis")

amounts = st.none() | st.integers(1, 12)
facts = st.builds(LimitFacts, st.none(), amounts, amounts)
packs = st.lists(st.integers(1, 5), max_size=3)
steps = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 0.0, HOUR, DAY, 9 * DAY, 31 * DAY]), st.integers(1, 4 * CALL)), max_size=40
)


@given(facts, facts, facts, packs, steps)
@trials(max_examples=60, deadline=None)
def test_allowances_and_packs_are_spent_as_the_model_spends_them(
    token: LimitFacts, application: LimitFacts, workspace: LimitFacts, calls: list[int], walk: list[tuple[float, int]]
) -> None:
    bought = tuple(Pack(f"p{number}", amount, 0.0) for number, amount in enumerate(calls))
    held = (
        Limit(Scope.TOKEN, "t", token),
        Limit(Scope.APPLICATION, "a", application, bought),
        Limit(Scope.WORKSPACE, "w", workspace),
    )
    both, now = Both(held), NOON
    for wait, units in walk:
        now += wait
        both.call(now, units)


def test_a_rate_in_redis_gives_its_burst_and_what_comes_back_and_no_more() -> None:
    """By Redis' own clock: what must hold is measured around the calls, however slow they are."""
    per_minute, both = 120, Both((Limit(Scope.APPLICATION, "a", LimitFacts(per_minute=120)),))
    before = time.time()
    both.redis(NOON, 0, count=True)
    begun, asked, passed = time.time(), 1, 1
    while time.time() < begun + 2:
        asked += 1
        passed += both.redis(NOON, 0).status == store.TAKEN
    ended = time.time()
    assert passed <= per_minute + per_minute * (ended - before) / 60
    assert passed >= min(asked, per_minute + per_minute * 2 / 60 - 1)


def test_sixteen_threads_spend_exactly_what_there_is() -> None:
    both = Both((Limit(Scope.APPLICATION, "a", LimitFacts(per_day=100), (Pack("p", 50, 0.0),)),))
    both.redis(NOON, CALL)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _call: both.redis(NOON, CALL).status, range(400)))
    assert found.count(store.TAKEN) == 149


@given(now=st.floats(1.1e9, 9.9e9), units=st.integers(0, 10**9), fresh_ms=st.sampled_from([30_000, 600_000]))
def test_the_command_that_is_put_together_by_hand_is_what_a_client_sends(now: float, units: int, fresh_ms: int) -> None:
    digest = store._TAKE.digest
    keys, arguments = (workspace_key("w"), store.pass_key("w", "t")), (int(now * 1000), fresh_ms, units, 1)
    packed = pack("EVALSHA", digest, 2, *keys, *arguments, store.month(now))
    assert store.taking("w", keys[1], now, units=units, fresh_ms=fresh_ms) == packed
