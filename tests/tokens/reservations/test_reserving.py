"""Reserve, settle and cancel over HTTP: what is held, what is told, and what comes of each thing sent twice."""

from typing import Any

import pytest

from tests.tokens.gateway.calls import CHAT, Client
from tests.tokens.reservations.asking import DAY, cancel, left, reserve, settle
from tiers.models import Tier
from tokens.actions.tokens import Minted
from tokens.models import Token


def test_the_estimate_is_held_and_one_of_the_calls_at_once(metering: Client, seed: Minted) -> None:
    body = reserve(metering, seed, expires_in=60).json
    assert (body["allow"], body["code"], body["request_id"], body["tier"]) == (True, "ok", "call-1", "seed")
    assert body["reservation"]["cost"] == 4
    assert body["reservation"]["expires_at"].endswith("Z")
    assert body["limits"][DAY]["remaining"] == 6
    assert body["limits"]["concurrent_calls"] == {"limit": 3, "remaining": 2, "reset": 60}


def test_it_is_answered_as_a_decision_is(metering: Client, seed: Minted) -> None:
    held = reserve(metering, seed).json
    decided = metering.decide(token=seed.text, model="gpt-4o-mini", request_id="call-1").json
    for differs in ("evaluated_at", "limits"):
        del held[differs], decided[differs]
    del held["reservation"]
    assert held == decided
    assert reserve(metering, seed, "call-2", model="nothing").json["code"] == "model_not_found"
    assert reserve(metering, seed, "call-2", model="nothing").json["reservation"] is None


@pytest.mark.parametrize(("cost", "remaining"), [(1, 8), (4, 5), (9.5, 0), (0, 9), (25, 0)])
def test_the_true_cost_is_spent_be_it_less_or_more_than_is_left(
    metering: Client, seed: Minted, cost: float, remaining: int
) -> None:
    reserve(metering, seed)
    assert settle(metering, cost).json == {"request_id": "call-1", "state": "settled", "cost": cost}
    reply = metering.decide(token=seed.text, model="gpt-4o-mini", cost=0.001)
    assert reply.json["limits"][DAY]["remaining"] == remaining
    assert reply.json["code"] == ("allowance_used_up" if cost > 10 else "ok")


def test_a_call_that_is_cancelled_costs_nothing(metering: Client, seed: Minted, counted: list[dict[str, Any]]) -> None:
    reserve(metering, seed)
    assert cancel(metering).json == {"request_id": "call-1", "state": "cancelled"}
    assert counted == []
    assert left(metering, seed) == 9


def test_usage_is_counted_once_when_it_is_settled(
    metering: Client, seed: Minted, counted: list[dict[str, Any]]
) -> None:
    reserve(metering, seed)
    assert counted == []
    for _again in range(3):
        assert settle(metering, 2.5).status == 200
    (row,) = counted
    assert (row["token"], row["model"], row["operation"]) == (seed.token.public_id, "gpt-4o-mini", "chat_completion")
    assert (row["code"], row["units"], row.get("calls", 1)) == ("ok", 2500, 1)


def test_the_same_again_is_answered_the_same_and_holds_nothing_more(metering: Client, seed: Minted) -> None:
    first, again = reserve(metering, seed), reserve(metering, seed)
    assert (again.status, set(again.headers)) == (200, set(first.headers))
    told, told_again = first.json.pop("limits"), again.json.pop("limits")
    assert again.json | {"limits": {}} == first.json | {"limits": {}}
    assert {name: limit["remaining"] for name, limit in told.items()} == {
        name: limit["remaining"] for name, limit in told_again.items()
    }
    Token.objects.update(revoked_at="2026-01-01T00:00:00Z")
    assert reserve(metering, seed).json["allow"], "what was answered before, though the token has ended since"
    Token.objects.update(revoked_at=None)
    assert left(metering, seed) == 5


@pytest.mark.parametrize("change", [{"cost": 5}, {"model": "gpt-4o"}, {"expires_in": 7}, {"token": None}])
def test_another_call_of_the_same_name_is_a_conflict(metering: Client, seed: Minted, change: dict[str, Any]) -> None:
    reserve(metering, seed)
    reply = metering.post(
        "/v1/usage/reserve",
        {"endpoint": CHAT, "model": "gpt-4o-mini", "cost": 4, "request_id": "call-1", "token": seed.text, **change},
    )
    assert (reply.status, reply.json["code"]) == (409, "request_id_reused")


def test_what_ended_is_told_and_stays_so(metering: Client, seed: Minted) -> None:
    for name in ("call-1", "call-2"):
        reserve(metering, seed, name, cost=1)
    assert [settle(metering, 1).status, cancel(metering, "call-2").status] == [200, 200]
    answers = [
        reserve(metering, seed, cost=1),
        settle(metering, 2),
        cancel(metering),
        reserve(metering, seed, "call-2", cost=1),
        settle(metering, 1, "call-2"),
    ]
    codes = ["reservation_settled"] * 3 + ["reservation_cancelled"] * 2
    assert [(reply.status, reply.json["code"]) for reply in answers] == [(409, code) for code in codes]
    assert [settle(metering, 1).status, cancel(metering, "call-2").status] == [200, 200]
    assert left(metering, seed) == 8


def test_too_many_calls_at_once_are_refused_until_one_ends(metering: Client, seed: Minted) -> None:
    replies = [reserve(metering, seed, f"call-{n}", cost=1) for n in range(4)]
    assert [reply.json["code"] for reply in replies] == ["ok"] * 3 + ["rate_limited"]
    body = replies[3].json
    assert (body["status"], replies[3].headers["retry-after"]) == (429, "1")
    assert body["message"] == (
        "This application may make no more than 3 calls at once. Try again when one of them has ended."
    )
    assert body["limits"]["concurrent_calls"]["remaining"] == 0
    assert body["reservation"] is None
    settle(metering, 1, "call-0")
    assert reserve(metering, seed, "call-3", cost=1).json["allow"]
    cancel(metering, "call-1")
    assert reserve(metering, seed, "call-4", cost=1).json["allow"]


def test_a_call_that_has_no_estimate_left_is_refused(metering: Client, seed: Minted) -> None:
    assert reserve(metering, seed, cost=11).json["code"] == "allowance_used_up"
    assert reserve(metering, seed, "call-2", cost=10).json["allow"]
    assert metering.decide(token=seed.text, model="gpt-4o-mini").json["code"] == "allowance_used_up"


def test_callers_without_a_token_are_metered_by_address(metering: Client) -> None:
    names = [f"call-{n}" for n in range(4)]
    Tier.objects.filter(rank=0).update(concurrent_calls=2)
    codes = [reserve(metering, None, name, cost=1, ip="192.0.2.7", model="gpt-4o-mini").json["code"] for name in names]
    assert codes == ["token_missing"] * 4 or codes == ["ok", "ok", "rate_limited", "rate_limited"]
