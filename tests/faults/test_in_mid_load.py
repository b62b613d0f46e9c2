"""Redis and PostgreSQL fail while threads call two processes: no good token is ever refused, what was answered without
one of them says so, and all is as before once it is back."""

import time
from collections.abc import Callable

import pytest

from tests import factories
from tests.faults import platform
from tests.faults.platform import Platform
from tests.fixtures.outage import outage, silence
from tests.fixtures.redis_servers import Server
from tests.tokens.gateway.calls import Client
from tokens.gateway import folding, gateway_keys
from tokens.models import AllowanceSpent, Token

pytestmark = pytest.mark.server
SOME = 40


def is_plain(answer: dict[str, object]) -> bool:
    return answer["code"] == "ok" and "flags" not in answer


def is_flagged(flag: str) -> Callable[[dict[str, object]], bool]:
    return lambda answer: answer["code"] == "ok" and answer.get("flags") == [flag]


@pytest.fixture
def tokens(client: Client) -> list[str]:
    return [factories.token().text for _number in range(5)]


def test_redis_killed_and_started_again_empty(served: Platform, own_redis: Server, tokens: list[str]) -> None:
    with served.load(tokens) as load:
        load.wait(SOME, is_plain)
        own_redis.kill()
        load.wait(SOME, is_flagged("redis_away"))
        own_redis.start()
        load.wait(SOME, is_plain)
    assert load.codes() == {"ok"}


def test_redis_emptied_again_and_again(served: Platform, own_redis: Server, tokens: list[str]) -> None:
    with served.load(tokens) as load:
        load.wait(SOME, is_plain)
        for _time in range(10):
            own_redis.client.flushall()
            load.wait(SOME // 4, is_plain)
    assert load.codes() == {"ok"}


@pytest.mark.parametrize("asleep", ["paused", "busy"])
def test_redis_that_does_not_answer_for_two_seconds(
    served: Platform, own_redis: Server, tokens: list[str], asleep: str
) -> None:
    with served.load(tokens) as load:
        load.wait(SOME, is_plain)
        if asleep == "paused":
            own_redis.client.execute_command("CLIENT PAUSE", 2000)
        else:
            own_redis.client.execute_command("DEBUG SLEEP", 2)
        load.wait(SOME, is_plain)
    assert load.codes() == {"ok"}
    assert any(map(is_flagged("redis_away"), load.answers)), "nobody waited for it"


def test_postgresql_refuses_and_comes_back(served: Platform, own_redis: Server, tokens: list[str]) -> None:
    with served.load(tokens) as load:
        load.wait(SOME, is_plain)
        with outage():
            # The catalogue is believed for some seconds without a look at PostgreSQL.
            load.wait(4, is_flagged("postgresql_away"))
            assert load.codes() == {"ok"}
            own_redis.kill()
            load.wait(2, lambda answer: answer["code"] == "unavailable")
            own_redis.start()
        load.wait(SOME, is_plain)
    assert load.codes() == {"ok", "unavailable"}, "no refusal that blames the token"
    deadline = time.monotonic() + platform.PATIENCE
    for number in range(2):
        with served.client(number) as client:
            while client.get("/readyz").status_code != 200:
                assert time.monotonic() < deadline, "it stayed away"


def test_postgresql_that_never_answers_is_not_waited_for(
    served: Platform, own_redis: Server, tokens: list[str]
) -> None:
    """Its client waits for ever by itself; then one thread after another would. Passes that were confirmed lately go on
    to be as good as they were; what needs PostgreSQL is told that it is away."""
    with served.load(tokens) as load:
        load.wait(SOME, is_plain)
        with silence(), served.client() as client:
            time.sleep(gateway_keys.BELIEVED_SECONDS + 1)
            load.wait(SOME, lambda answer: answer["code"] == "ok")
            assert platform.ask(client, tokens[0], model="nothing")["code"] == "unavailable"
        load.wait(SOME, is_plain)
    assert load.codes() == {"ok"}


def test_what_was_spent_is_known_after_redis_lost_it(served: Platform, own_redis: Server, client: Client) -> None:

    minted, allowance = factories.token(), 30
    Token.objects.filter(pk=minted.token.pk).update(requests_per_day=allowance)
    with served.client(0) as one, served.client(1) as other:
        spent = [platform.ask(process, minted.text)["code"] for process in (one, other) * 10]
    assert spent == ["ok"] * 20
    _fold_until(minted.token.public_id, len(spent))
    own_redis.kill()
    own_redis.start()
    rest = [client.decide(token=minted.text, model=platform.MODEL).json for _call in range(allowance)]
    assert rest[0]["limits"]["requests_per_day"]["remaining"] == allowance - len(spent) - 1
    assert [answer["code"] for answer in rest] == ["ok"] * 10 + ["allowance_used_up"] * 20


def _fold_until(token: str, calls: int) -> None:
    """As the worker does, until what both processes counted has come."""

    deadline = time.monotonic() + platform.PATIENCE
    while True:
        folding.fold()
        found = AllowanceSpent.objects.filter(subject=token, period="day").first()
        if found is not None and found.units == calls * 1000:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
