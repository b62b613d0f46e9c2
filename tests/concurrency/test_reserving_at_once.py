"""Reservations of many threads and of two processes: never one too many, and each of them settled once."""

import itertools
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Lock
from typing import Any

import httpx
import pytest

from tests import factories
from tests.fixtures import proxies
from tiers.facts import LimitFacts
from tiers.models import Tier
from tokens.actions.gateways import add_gateway
from tokens.gateway import reservations, store
from tokens.gateway.limits import Limit, Scope
from tokens.gateway.reservations import Wanted

CALLERS, AT_ONCE = 64, 5
NOW = 1_795_348_800.0
OWNER, KEY = "wwwwwwwwwwww", "{wwwwwwwwwwww}:p:1"


def test_of_many_threads_no_more_calls_are_under_way_than_may_be() -> None:
    budget = store.budget([Limit(Scope.APPLICATION, "a", LimitFacts(concurrent=AT_ONCE))])
    arguments = store.arguments(NOW, units=1, count=False, held=budget, fill=None)
    names, guard = itertools.count(), Lock()
    under_way, most, allowed = 0, 0, 0

    def call_some() -> None:
        nonlocal under_way, most, allowed
        for _try in range(10):
            wanted = Wanted(f"g:{next(names)}", 3600, "", 1, b"\x94\xa0\xa0\xa0\xc2", b"{}")
            taken = reservations.reserve(wanted, OWNER, KEY, arguments).taken
            if taken.status != store.TAKEN:
                assert taken.status == store.CONCURRENT
                continue
            with guard:
                under_way, allowed = under_way + 1, allowed + 1
                most = max(most, under_way)
            with guard:
                under_way -= 1
            if allowed % 2:
                reservations.cancel(OWNER, wanted.name)
            else:
                reservations.settle(OWNER, wanted.name, 1, NOW)

    with ThreadPoolExecutor(CALLERS) as pool:
        for done in [pool.submit(call_some) for _caller in range(CALLERS)]:
            done.result()
    assert 0 < most <= AT_ONCE
    wanted = [Wanted(f"h:{n}", 3600, "", 1, b"\x94\xa0\xa0\xa0\xc2", b"{}") for n in range(AT_ONCE + 1)]
    last = [reservations.reserve(one, OWNER, KEY, arguments).taken for one in wanted]
    assert [one.status for one in last] == [store.TAKEN] * AT_ONCE + [store.CONCURRENT], "all were freed"


@pytest.fixture
def two_processes(transactional_db: None) -> Iterator[list[httpx.Client]]:
    """Of one platform, on which a day has a hundred calls and five may be under way at once. A gateway asks them."""
    factories.catalogue()
    Tier.objects.update(requests_per_minute=100_000, requests_per_day=100, concurrent_calls=AT_ONCE)
    scopes = ["decide", "usage"]
    key = add_gateway(name="edge", kind="custom", scopes=scopes, by=factories.administrator()).text
    headers, limits = {"Authorization": f"Bearer {key}"}, httpx.Limits(max_connections=CALLERS)
    with ExitStack() as stack:
        ports = [stack.enter_context(proxies.trellis()) for _process in range(2)]
        yield [
            stack.enter_context(
                httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120, limits=limits)
            )
            for port in ports
        ]


def at_once(clients: list[httpx.Client], asks: list[tuple[str, dict[str, Any]]]) -> list[httpx.Response]:
    """By 64 connections, to both processes in turn."""

    def send(number: int, ask: tuple[str, dict[str, Any]]) -> httpx.Response:
        return clients[number % len(clients)].post(ask[0], json=ask[1])

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(send, itertools.count(), asks))


@pytest.mark.server
def test_two_processes_hold_and_settle_as_one(two_processes: list[httpx.Client]) -> None:
    call = {"token": factories.token().text, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions"}
    asks = [("/v1/usage/reserve", call | {"request_id": f"call-{n % 32}", "cost": 2}) for n in range(CALLERS)]
    replies = [reply.json() for reply in at_once(two_processes, asks)]
    held = {reply["request_id"] for reply in replies if reply["allow"]}
    assert len(held) == AT_ONCE
    assert {reply["code"] for reply in replies} == {"ok", "rate_limited"}

    costs = {name: random.Random(name).choice([0.5, 1, 3]) for name in held}  # noqa: S311
    settling = [("/v1/usage/settle", {"request_id": name, "cost": cost}) for name, cost in costs.items()] * 8
    assert {reply.status_code for reply in at_once(two_processes, settling)} == {200}
    told = two_processes[0].post("/v1/decisions", json=call | {"cost": 0.001}).json()
    assert told["limits"]["requests_per_day"]["remaining"] == int(100 - sum(costs.values()) - 0.001)


@pytest.mark.server
def test_sixty_four_connections_get_exactly_the_hundred_calls_of_a_day(two_processes: list[httpx.Client]) -> None:
    call = {"token": factories.token().text, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions"}
    codes = [reply.json()["code"] for reply in at_once(two_processes, [("/v1/decisions", call)] * 256)]
    assert (codes.count("ok"), codes.count("allowance_used_up")) == (100, 156)
