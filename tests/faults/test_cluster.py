"""A real Redis Cluster of three: each call is of one slot, and slots are learnt as they are met."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts.announcing import workspace_key
from tests import factories
from tests.faults import platform
from tests.faults.conftest import use
from tests.faults.platform import MODEL, Platform
from tests.fixtures import proxies, redis_servers
from tests.fixtures.redis_servers import DEBIAN, EMBEDDED, Server
from tests.tokens.gateway.calls import Client
from tokens.actions.tokens import Minted, revoke_token
from tokens.models import Token

TOKENS, THREADS = 9, 8


@pytest.fixture(scope="module", params=[EMBEDDED, DEBIAN])
def _nodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    with redis_servers.cluster(tmp_path_factory.mktemp("cluster"), request.param) as found:
        yield found


@pytest.fixture
def nodes(_nodes: list[Server]) -> list[Server]:
    for node in _nodes:
        node.client.flushall()
    return _nodes


def minted() -> list[Minted]:
    """Each of a workspace of its own."""
    return [factories.token() for _number in range(TOKENS)]


def holder(nodes: list[Server], token: Minted) -> tuple[int, Server]:
    """The slot of its workspace, and who has it."""
    slot = int(nodes[0].client.execute_command("CLUSTER KEYSLOT", key_of(token)))
    return slot, next(node for node in nodes if _has(node, slot))


def key_of(token: Minted) -> str:
    return workspace_key(token.token.application.workspace.public_id)


def _has(node: Server, slot: int) -> bool:
    for begin, end, (_host, port, *_), *_replicas in node.client.execute_command("CLUSTER SLOTS"):
        if begin <= slot <= end:
            return int(port) == node.port
    return False


def name_of(node: Server) -> str:
    found = node.client.execute_command("CLUSTER MYID")
    return found.decode() if isinstance(found, bytes) else str(found)


def test_limits_are_exact_whichever_node_has_the_workspace(
    nodes: list[Server], client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(nodes[0].url, settings, monkeypatch)
    tokens, allowance = minted(), 12
    Token.objects.update(requests_per_day=allowance)
    assert len({holder(nodes, token)[1].port for token in tokens}) > 1

    def call(token: Minted) -> tuple[str, str]:
        try:
            return token.text, client.decide(token=token.text, model=MODEL).json["code"]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        found = Counter(pool.map(call, tokens * (allowance + 4)))
    for token in tokens:
        assert (found[token.text, "ok"], found[token.text, "allowance_used_up"]) == (allowance, 4)
        kept = holder(nodes, token)[1].client.hget(key_of(token), "v")
        assert kept is not None, "its node keeps it"


def test_calls_follow_a_slot_that_is_moved(
    nodes: list[Server], client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(nodes[0].url, settings, monkeypatch)
    token = factories.token()
    Token.objects.update(requests_per_day=100)
    ask = {"token": token.text, "model": MODEL}

    def left() -> tuple[int, list[str]]:
        answer = client.decide(**ask).json
        assert answer["allow"]
        return answer["limits"]["requests_per_day"]["remaining"], answer.get("flags", [])

    assert left() == (99, [])
    slot, giver = holder(nodes, token)
    taker = next(node for node in nodes if node is not giver)
    taker.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", name_of(giver))
    giver.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", name_of(taker))
    assert left() == (98, [])
    keys = giver.client.execute_command("CLUSTER GETKEYSINSLOT", slot, 100)
    giver.client.execute_command("MIGRATE", "127.0.0.1", taker.port, keys[0], 0, 5000)
    # Of its keys one is here and one there: the cluster asks to try again, and the others' calls are not disturbed.
    assert left()[1] == ["redis_away"]
    others = [other for other in minted() if holder(nodes, other)[0] != slot]
    assert all("flags" not in client.decide(token=other.text, model=MODEL).json for other in others)
    giver.client.execute_command("MIGRATE", "127.0.0.1", taker.port, "", 0, 5000, "KEYS", *keys[1:])
    assert left() == (97, [])
    for node in nodes:
        node.client.execute_command("CLUSTER SETSLOT", slot, "NODE", name_of(taker))
    assert left() == (96, [])
    assert holder(nodes, token)[1] is taker


@pytest.mark.server
@pytest.mark.parametrize("_nodes", [EMBEDDED], indirect=True)
def test_a_process_that_knows_one_node_decides_for_all(
    nodes: list[Server], client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(nodes[0].url, settings, monkeypatch)
    tokens = minted()
    with proxies.trellis(PASS_STORE_URL=nodes[1].url) as port, Platform(client.key, (port,)).client() as served:
        for token in tokens:
            assert platform.ask(served, token.text)["allow"]
            assert client.decide(token=token.text, model=MODEL).json["allow"]
            assert platform.ask(served, token.text, "gpt-4o")["code"] == "tier_required"
        for token in tokens:
            revoke_token(token=token.token, reason="It leaked", by=token.token.created_by)
        for token in tokens:
            platform.until(served, token.text, "token_revoked")
            assert client.decide(token=token.text, model=MODEL).json["code"] == "token_revoked"
