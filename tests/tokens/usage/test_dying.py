"""Whoever dies anywhere, and whatever is lost on the way: each call is counted once, as a plain sum has it."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.clock import now
from tests import factories
from tests.tokens.usage import lossy
from tokens.gateway import folding
from tokens.gateway.usage import BATCHES, Tally
from tokens.models import AllowanceSpent, Token, Usage, UsageCounter

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSES = 2
CODES = ["ok", "rate_limited"]
UNKNOWN = "0000000000zz"
NOTICED_SECONDS = 60


class Died(BaseException):
    """No handler of the code that is tried catches it, as none catches a kill."""


def dying_at(statement: int, die: Callable[[], None]) -> Callable[..., Any]:
    """For `execute_wrapper`: the n-th statement sent to PostgreSQL is the last, or Redis is away from then on."""
    left = [statement]

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            die()
        return execute(sql, params, many, context)

    return wrapper


calls = st.tuples(
    st.just("call"), st.integers(0, PROCESSES - 1), st.integers(0, 3), st.sampled_from(CODES), st.integers(0, 1)
)
flushes = st.tuples(st.just("flush"), st.integers(0, PROCESSES - 1), st.sampled_from(["through", "away", "deaf"]))
folds = st.tuples(st.just("fold"), st.sampled_from(["lives", "dies", "loses Redis"]), st.integers(1, 12))


@pytest.fixture
def tokens() -> list[Token]:
    factories.catalogue()
    application = factories.application()
    return [factories.token(application).token, factories.token(application).token]


@pytest.fixture
def world(tokens: list[Token], server: "redis.Redis[bytes]", line: lossy.Line) -> "World":
    return World(tokens, server, line)


class World:
    """Some processes, one worker, and the plain sums of what was counted."""

    def __init__(self, tokens: list[Token], server: "redis.Redis[bytes]", line: lossy.Line) -> None:
        self.tokens, self.server, self.line = tokens, server, line
        self.names = [token.public_id for token in tokens] + [UNKNOWN, ""]
        self.begin()

    def begin(self) -> None:
        self.server.flushdb()
        for table in (Usage, AllowanceSpent, UsageCounter):
            table.objects.all().delete()
        self.tallies = [Tally() for _ in range(PROCESSES)]
        self.calls: Counter[tuple[Any, ...]] = Counter()
        self.spent: Counter[str] = Counter()
        self.noon = now().replace(hour=12) - timedelta(days=1)

    def call(self, process: int, which: int, code: str, days: int) -> None:
        at, name = self.noon - timedelta(days=days), self.names[which]
        units = 1000 if code == "ok" else 0
        self.tallies[process].note(token=name, model="m", operation="o", code=code, units=units, at=at.timestamp())
        if name != UNKNOWN:
            self.calls[name or None, code, at.date()] += 1
        if name in self.names[:2] and units:
            self.spent[name] += units
            self.spent[self.tokens[0].workspace.public_id] += units

    def flush(self, process: int, how: str) -> None:
        self.line.away, self.line.deaf = how == "away", how == "deaf"
        self.tallies[process].flush()
        self.line.away = self.line.deaf = False

    def fold(self, how: str, statement: int) -> None:
        def die() -> None:
            if how == "dies":
                raise Died
            self.line.away = how == "loses Redis"

        with suppress(Died, redis.RedisError), connection.execute_wrapper(dying_at(statement, die)):
            folding.fold()
        # A process that is dead has no connections.
        connection.close()
        connection.close_pool()
        self.line.away = False

    def end(self) -> None:
        for tally in self.tallies:
            assert tally.flush(final=True)
        folding.fold()
        # PostgreSQL may not have noticed yet that a worker died, whose claim then keeps the next one from folding.
        deadline = time.monotonic() + NOTICED_SECONDS
        while self.server.exists(BATCHES):
            assert time.monotonic() < deadline, "nobody folds"
            time.sleep(0.05)
            folding.fold()

    def check(self) -> None:
        counted = Usage.objects.values_list("token__public_id", "code", "day", "calls")
        assert {(name, code, day): calls for name, code, day, calls in counted} == self.calls
        for period in ("day", "month"):
            spent: Counter[str] = Counter()
            for row in AllowanceSpent.objects.filter(period=period).exclude(scope="application"):
                spent[row.subject] += row.units
            assert spent == self.spent


# Each example begins anew by itself.
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(calls, calls, flushes, folds), max_size=25))
def test_each_call_is_counted_once(world: World, steps: list[tuple[Any, ...]]) -> None:
    world.begin()
    for kind, *values in steps:
        getattr(world, kind)(*values)
    world.end()
    world.check()


@pytest.mark.parametrize("how", ["dies", "loses Redis"])
@pytest.mark.parametrize("statement", range(1, 12))
def test_a_fold_that_dies_at_each_of_its_statements(world: World, how: str, statement: int) -> None:
    world.call(0, 0, "ok", 0)
    world.call(1, 1, "ok", 0)
    world.flush(0, "through")
    world.flush(1, "through")
    world.fold(how, statement)
    world.call(0, 0, "ok", 0)
    world.end()
    world.check()
