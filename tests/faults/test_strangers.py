"""More tokens that are nobody's than are remembered: memory stays bounded, and good tokens are answered meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from tests import factories
from tests.faults import platform
from tests.faults.conftest import use
from tests.faults.platform import MODEL, Platform
from tests.fixtures.redis_servers import Server
from tests.tokens.gateway.calls import Client
from tokens import keys
from tokens.gateway import readings, unknown

# As many are remembered as is said here, instead of the ten thousand that would take a quarter of a minute.
REMEMBERED, STRANGERS, THREADS = 1_000, 1_400, 4


def stranger() -> str:
    return keys.make(keys.KeyKind.SECRET, "000000000000").text


def test_no_more_strangers_are_remembered_than_there_is_room_for(
    client: Client, own_redis: Server, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(own_redis.url, settings, monkeypatch)
    assert unknown._MOST <= 10_000
    monkeypatch.setattr(unknown, "_MOST", REMEMBERED)
    good = factories.token().text

    def call(number: int) -> str:
        try:
            known = number % 100 == 0
            return str(client.decide(token=good if known else stranger(), model=MODEL).json["code"])
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(call, range(STRANGERS)))
    assert {code for number, code in enumerate(found) if number % 100} == {"token_unknown"}
    assert set(found[::100]) == {"ok"}
    assert len(unknown._seen) == REMEMBERED
    assert not readings._lines
    assert own_redis.client.dbsize() < 10, "Redis keeps nothing of strangers"


@pytest.mark.server
def test_good_tokens_are_answered_while_strangers_ask(served: Platform, own_redis: Server) -> None:
    with served.load([factories.token().text]) as load, ThreadPoolExecutor(THREADS) as pool:

        def call(number: int) -> list[dict[str, Any]]:
            with served.client(number) as client:
                return [platform.ask(client, stranger()) for _call in range(100)]

        answers = [answer for some in pool.map(call, range(THREADS)) for answer in some]
    assert {(answer["code"], answer["status"]) for answer in answers} == {("token_unknown", 401)}
    assert load.codes() == {"ok"}
