"""Every script does the same on Redis 6.2 and on 7.0, through the protocols that use it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts import announcing
from tests import factories
from tests.faults.conftest import use
from tests.fixtures import redis_servers
from tests.fixtures.redis_servers import DEBIAN, EMBEDDED, Server
from tests.tokens.gateway.calls import CHAT, Client
from tokens.actions.tokens import revoke_token
from tokens.gateway import renewals, reservations
from tokens.models import Token

MODEL = "gpt-4o-mini"


@pytest.fixture(params=[EMBEDDED, DEBIAN])
def redis_of_version(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    with redis_servers.running(tmp_path / "redis", request.param) as server:
        assert str(server.client.info("server")["redis_version"]).startswith(request.param)
        use(server.url, settings, monkeypatch)
        yield server


def test_allowances_rates_and_revocations(redis_of_version: Server, client: Client) -> None:
    token = factories.token()
    Token.objects.update(requests_per_day=3)
    ask = {"token": token.text, "model": MODEL}
    left = [client.decide(**ask).json["limits"]["requests_per_day"]["remaining"] for _call in range(3)]
    assert left == [2, 1, 0]
    assert client.decide(**ask).json["code"] == "allowance_used_up"
    assert client.decide(token=token.text, model="gpt-4o").json["code"] == "tier_required"
    Token.objects.update(requests_per_day=None, requests_per_minute=1)
    announcing.sweep()
    assert client.decide(**ask).json["allow"]
    assert client.decide(**ask).json["code"] == "rate_limited"
    Token.objects.update(requests_per_minute=None)
    announcing.sweep()
    renewals.ask_for(token.token.application.workspace.public_id, 1)
    renewals.renew()
    assert client.decide(**ask).json["allow"]
    revoke_token(token=Token.objects.get(), reason="It leaked", by=token.token.created_by)
    assert client.decide(**ask).json["code"] == "token_revoked"


def test_reservations(redis_of_version: Server, client: Client) -> None:
    token = factories.token()
    Token.objects.update(requests_per_day=10)
    ask = {"token": token.text, "model": MODEL, "endpoint": CHAT}

    def left() -> int:
        found: int = client.decide(**ask).json["limits"]["requests_per_day"]["remaining"]
        return found

    def post(path: str, **values: object) -> str:
        reply = client.post(f"/v1/usage/{path}", values)
        assert reply.status == 200, reply.body
        return str(reply.json.get("state") or reply.json)

    post("reserve", **ask, request_id="one", cost=4)
    post("reserve", **ask, request_id="one", cost=4)
    assert left() == 5
    post("settle", request_id="one", cost=2)
    assert left() == 6
    post("reserve", **ask, request_id="two", cost=3)
    assert left() == 2
    post("cancel", request_id="two")
    assert left() == 4
    assert not reservations.lapse(token.token.application.workspace.public_id)


@pytest.mark.parametrize("fault", ["full", "read only"])
def test_one_that_takes_nothing_is_away(redis_of_version: Server, client: Client, fault: str) -> None:
    """Redis 6.2 says so within an error of the script's."""
    token = factories.token()
    ask = {"token": token.text, "model": MODEL}
    assert client.decide(**ask).json["allow"]
    redis = redis_of_version.client
    if fault == "full":
        redis.config_set("maxmemory", "1")
    else:
        redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        redis.config_set("replica-serve-stale-data", "yes")
    for _call in range(3):
        answer = client.decide(**ask)
        assert (answer.status, answer.json["code"], answer.json.get("flags")) == (200, "ok", ["redis_away"])
