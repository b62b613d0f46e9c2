"""What was committed before an ask began is what the ask is answered by, whatever Redis holds, lost or never heard."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from accounts import announcing
from accounts.announcing import workspace_key
from tests import factories
from tests.faults import platform
from tests.faults.conftest import use
from tests.faults.platform import MODEL, Platform
from tests.fixtures.redis_servers import Server
from tests.tokens.gateway.calls import Client
from tiers.actions.grants import give_grant, revoke_grant
from tiers.models import Tier
from tokens.actions.tokens import Minted, revoke_token
from tokens.gateway import clock, passes, readings

GATED, WORKSPACES, ROUNDS = "gpt-4o", 4, 25


@contextmanager
def emptied_each_second(server: Server) -> Iterator[None]:
    ends = threading.Event()

    def empty() -> None:
        while not ends.wait(1):
            server.client.flushall()

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


@pytest.mark.server
def test_no_call_begun_after_a_grant_is_refused(
    served: Platform, own_redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told of any of the grants, and Redis is emptied each second."""
    monkeypatch.setattr(announcing, "announce_versions", lambda _versions: False)
    tokens, flower = [factories.token() for _number in range(WORKSPACES)], Tier.objects.get(slug="flower")
    by = factories.administrator()
    with served.client(0) as one, served.client(1) as other, emptied_each_second(own_redis):
        for number in range(ROUNDS):
            for token in tokens:
                workspace = token.token.application.workspace
                refused = [platform.ask(process, token.text, GATED)["code"] for process in (one, other)]
                assert refused == ["tier_required"] * 2
                given = {"source": "manual", "source_id": str(number), "reason": "For the fair"}
                grant = give_grant(workspace=workspace, tier=flower, **given, by=by)
                found = [platform.ask(process, token.text, GATED)["code"] for process in (one, other)]
                assert found == ["ok"] * 2
                revoke_grant(grant=grant, reason="The fair is over", by=by)
                # Of this, too, it was not told: passes would be good for half a minute.
                own_redis.client.flushall()


@pytest.mark.server
def test_a_revocation_arrives_in_the_middle_of_calls(served: Platform) -> None:
    good, bad = [[factories.token() for _number in range(6)] for _kind in range(2)]
    with served.load([token.text for token in good]) as load, served.client(0) as one, served.client(1) as other:
        for token in bad:
            assert platform.ask(one, token.text)["allow"]
            assert platform.ask(other, token.text)["allow"]
            revoke_token(token=token.token, reason="It leaked", by=token.token.created_by)
            platform.until(one, token.text, "token_revoked")
            platform.until(other, token.text, "token_revoked")
    assert load.codes() == {"ok"}


@pytest.fixture
def token(client: Client, own_redis: Server, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Minted:
    use(own_redis.url, settings, monkeypatch)
    return factories.token()


def revoke(token: Minted) -> None:
    revoke_token(token=token.token, reason="It leaked", by=token.token.created_by)


def kept(server: Server, token: Minted) -> dict[bytes, bytes]:
    """All that Redis has of the token's workspace, as it would be restored."""
    found = server.client.keys(f"{{{token.token.application.workspace.public_id}}}:*")
    return {key: server.client.dump(key) for key in found}


def test_what_was_read_before_a_revocation_is_not_stored_after_it(
    client: Client, own_redis: Server, token: Minted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that read a pass, and slept while the token was revoked and Redis told of it."""
    reads: Callable[[Mapping[int, bytes]], passes.Reading] = readings.read

    def paused(digests: Mapping[int, bytes]) -> passes.Reading:
        reading = reads(digests)
        monkeypatch.setattr(readings, "read", reads)
        revoke(token)
        return reading

    monkeypatch.setattr(readings, "read", paused)
    client.decide(token=token.text, model=MODEL)
    assert [key for key in kept(own_redis, token) if b":p" in key] == []
    assert client.decide(token=token.text, model=MODEL).json["code"] == "token_revoked"


def test_an_older_state_of_redis_is_believed_until_its_stamp_is_old(
    client: Client, own_redis: Server, token: Minted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def code() -> str:
        return str(client.decide(token=token.text, model=MODEL).json["code"])

    assert code() == "ok"
    older = kept(own_redis, token)
    assert len(older) == 2
    revoke(token)
    assert code() == "token_revoked"
    for key, value in older.items():
        own_redis.client.restore(key, 0, value, replace=True)
    stamp = own_redis.client.hget(workspace_key(token.token.application.workspace.public_id), "c")
    assert stamp is not None
    read_at = int(stamp) / 1000
    monkeypatch.setattr(clock, "now", lambda: read_at + 29.5)
    assert code() == "ok"
    monkeypatch.setattr(clock, "now", lambda: read_at + 30.5)
    assert code() == "token_revoked"
    monkeypatch.setattr(clock, "now", time.time)
    assert code() == "token_revoked"
