"""What nobody settles ends by itself; and what becomes of a call while Redis or PostgreSQL is away."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests import factories
from tests.tokens.gateway.calls import Client
from tests.tokens.reservations.asking import DAY, cancel, left, reserve, settle
from tokens.actions.gateways import add_gateway
from tokens.actions.tokens import Minted
from tokens.gateway import reservations


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


@pytest.fixture
def away(settings: Settings, tmp_path: Path) -> Callable[[], None]:
    def leave() -> None:
        settings.PASS_STORE_URL = f"unix://{tmp_path}/nobody.sock"

    return leave


def test_a_call_at_once_is_free_again_by_the_clock(metering: Client, seed: Minted) -> None:
    for number in range(3):
        assert reserve(metering, seed, f"call-{number}", cost=1, expires_in=1).json["allow"]
    numbers = iter(range(3, 10_000))
    until(lambda: bool(reserve(metering, seed, f"call-{next(numbers)}", cost=1).json["allow"]))
    assert reserve(metering, seed, "call-0", cost=1, expires_in=1).json["code"] == "reservation_expired"


def test_what_was_held_is_there_for_a_plain_call_that_needs_it(metering: Client, seed: Minted) -> None:
    reserve(metering, seed, cost=10, expires_in=1)
    until(lambda: metering.decide(token=seed.text, model="gpt-4o-mini", cost=10).json["code"] == "ok")


def test_a_sweep_gives_back_what_nobody_comes_upon(metering: Client, seed: Minted) -> None:
    reserve(metering, seed, cost=4, expires_in=1)
    assert left(metering, seed) == 5

    def swept() -> bool:
        reservations.sweep()
        return left(metering, seed) == 9

    until(swept)


def test_a_late_settling_counts_the_true_cost_once(
    metering: Client, seed: Minted, counted: list[dict[str, Any]]
) -> None:
    reserve(metering, seed, expires_in=1)
    until(lambda: reservations.lapse(seed.token.workspace.public_id))
    assert [settle(metering, 3).status for _again in range(2)] == [200, 200]
    assert [row["units"] for row in counted] == [3000]
    assert left(metering, seed) == 6


def test_cancelling_late_leaves_it_as_it_is(metering: Client, seed: Minted) -> None:
    reserve(metering, seed, expires_in=1)
    until(lambda: reservations.lapse(seed.token.workspace.public_id))
    assert cancel(metering).status == 200
    assert left(metering, seed) == 9


def test_what_is_cancelled_before_it_arrives_is_not_reserved(metering: Client, seed: Minted) -> None:
    assert cancel(metering, token=seed.text).status == 200
    assert reserve(metering, seed).json["code"] == "reservation_cancelled"


def test_without_redis_nothing_is_held_and_the_call_is_counted_once_it_is_back(
    metering: Client, seed: Minted, away: Callable[[], None], settings: Settings, counted: list[dict[str, Any]]
) -> None:
    there = settings.PASS_STORE_URL
    away()
    body = reserve(metering, seed).json
    assert (body["allow"], body["flags"], body["reservation"]) == (True, ["redis_away"], None)
    gone = settle(metering, 2)
    assert (gone.status, gone.json["code"], gone.headers["retry-after"]) == (503, "unavailable", "2")
    assert cancel(metering).status == 503
    assert counted == []
    settings.PASS_STORE_URL = there
    assert settle(metering, 2).json["code"] == "reservation_unknown"
    given = {"token": seed.text, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions"}
    assert [settle(metering, 2, **given).status for _again in range(2)] == [200, 200]
    assert settle(metering, 3, **given).json["code"] == "reservation_settled"
    (row,) = counted
    assert (row["token"], row["model"], row["units"]) == (seed.token.public_id, "gpt-4o-mini", 2000)
    assert row["operation"] == "chat_completion"


def test_a_limit_lowered_meanwhile_leaves_nothing_below_zero(metering: Client, seed: Minted) -> None:
    reserve(metering, seed, cost=8)
    settle(metering, 30)
    body = metering.decide(token=seed.text, model="gpt-4o-mini").json
    assert (body["code"], body["limits"][DAY]["remaining"]) == ("allowance_used_up", 0)


def test_a_key_of_another_gateway_opens_nothing(metering: Client, seed: Minted) -> None:
    reserve(metering, seed)
    other = Client(add_gateway(name="b", kind="custom", scopes=["usage"], by=factories.administrator()).text)
    assert cancel(other, token=seed.text).status == 200
    assert settle(metering, 1).status == 200
