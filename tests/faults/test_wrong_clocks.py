"""A process whose clock is wrong, or is set, decides by PostgreSQL's; what it stored by a wrong one heals."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.announcing import workspace_key
from tests import factories
from tests.faults.conftest import use
from tests.faults.platform import MODEL
from tests.fixtures.redis_servers import Server
from tests.tokens.gateway.calls import Client
from tokens.actions.tokens import revoke_token
from tokens.gateway import catalogues, clock, metrics, passes

HOUR = 3600.0
SLACK = 60


class Clock:
    """What the machine says the time is."""

    def __init__(self) -> None:
        self.wrong = 0.0

    def time(self) -> float:
        return time.time() + self.wrong


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Clock:
    own = Clock()
    told = SimpleNamespace(time=own.time, monotonic=time.monotonic)
    for module in (clock, passes, catalogues):
        monkeypatch.setattr(module, "time", told)
    return own


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_clock_that_is_an_hour_wrong_changes_nothing(
    machine: Clock, client: Client, own_redis: Server, settings: Any, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    use(own_redis.url, settings, monkeypatch)
    token = factories.token()
    ask = {"token": token.text, "model": MODEL}
    machine.wrong = wrong
    assert client.decide(**ask).json["allow"]
    stamp = own_redis.client.hget(workspace_key(token.token.application.workspace.public_id), "c")
    assert stamp is not None
    assert abs(int(stamp) / 1000 - time.time()) < SLACK, "it is PostgreSQL's"
    assert misses(client, ask) == 0
    # It is set right while the process runs: the first ask is too old or of the future, and all is as before.
    machine.wrong = 0.0
    assert client.decide(**ask).json["allow"]
    assert misses(client, ask) == 0
    revoke_token(token=token.token, reason="It leaked", by=token.token.created_by)
    assert client.decide(**ask).json["code"] == "token_revoked"


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_stamp_that_was_made_by_a_wrong_clock_is_made_anew(
    client: Client, own_redis: Server, settings: Any, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    use(own_redis.url, settings, monkeypatch)
    token = factories.token()
    ask = {"token": token.text, "model": MODEL}
    assert client.decide(**ask).json["allow"]
    key = workspace_key(token.token.application.workspace.public_id)
    own_redis.client.hset(key, "c", int((time.time() + wrong) * 1000))
    assert misses(client, ask) == 1
    assert misses(client, ask) == 0


def test_a_slow_answer_of_postgresql_does_not_move_the_clock() -> None:
    before = time.time()
    clock.learn(before, before)
    known = clock._ahead
    clock.learn(before, before - 40)
    assert clock._ahead == known


def misses(client: Client, ask: dict[str, Any]) -> int:
    """How many of one ask went to PostgreSQL; it is allowed."""
    before = counted()
    assert client.decide(**ask).json["allow"]
    return counted() - before


def counted() -> int:
    return len(metrics._happened[metrics.Event.MISS])
