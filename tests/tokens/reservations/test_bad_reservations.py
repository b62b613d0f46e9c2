"""What cannot be reserved, settled or cancelled: who may not, what is no ask, and what nobody knows."""

from typing import Any

import pytest

from tests import factories
from tests.tokens.gateway.calls import CHAT, Client, call
from tests.tokens.reservations.asking import cancel, left, reserve, settle
from tokens.actions.applications import add_domain
from tokens.actions.gateways import add_gateway
from tokens.actions.tokens import Minted

STEPS = ["reserve", "settle", "cancel"]
PUBLIC = "https://app.example.com"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("scopes", [["decide"], ["decide", "introspect", "search"], None])
def test_a_gateway_needs_the_scope(metering: Client, seed: Minted, step: str, scopes: list[str] | None) -> None:
    key = "nonsense"
    if scopes is not None:
        key = add_gateway(name="other", kind="custom", scopes=scopes, by=factories.administrator()).text
    ask = {"endpoint": CHAT, "request_id": "call-1", "cost": 1, "token": seed.text}
    reply = Client(key).post(f"/v1/usage/{step}", ask)
    assert (reply.status, reply.json["code"]) == (401, "gateway_unauthorized")
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", [None, "", "a b", "x" * 65, 7, ["x"], "é", "a\n", "a:b", "../x"])
def test_a_bad_request_id_is_refused(metering: Client, step: str, name: Any) -> None:
    reply = metering.post(f"/v1/usage/{step}", {"endpoint": CHAT, "request_id": name, "cost": 1})
    assert (reply.status, reply.json["code"], reply.json["param"]) == (400, "invalid_ask", "request_id")


@pytest.mark.parametrize("step", ["reserve", "settle"])
@pytest.mark.parametrize("cost", [None, -1, "1", True, 10**9 + 1, 1e300, [1], {}])
def test_a_bad_cost_is_refused(metering: Client, step: str, cost: Any) -> None:
    reply = metering.post(f"/v1/usage/{step}", {"endpoint": CHAT, "request_id": "call-1", "cost": cost})
    assert (reply.status, reply.json["code"], reply.json["param"]) == (400, "invalid_ask", "cost")


@pytest.mark.parametrize("raw", [b'{"cost": NaN}', b'{"cost": 1e999}', b'{"cost": 1, "cost": 2}', b"[]", b"{", b"\xff"])
@pytest.mark.parametrize("step", STEPS)
def test_what_is_no_ask_is_refused(metering: Client, step: str, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {metering.key}", "Content-Type": "application/json"}
    reply = call("POST", f"/v1/usage/{step}", headers=headers, body=raw)
    assert reply.status == 400
    assert reply.json["code"] in {"invalid_json", "invalid_ask"}


@pytest.mark.parametrize("seconds", [0, -1, 3601, 1.5, "60", True, 10**30])
def test_a_bad_duration_is_refused(metering: Client, seed: Minted, seconds: Any) -> None:
    reply = reserve(metering, seed, expires_in=seconds)
    assert (reply.status, reply.json["code"], reply.json["param"]) == (400, "invalid_ask", "expires_in")


def test_what_is_said_of_a_bad_cost_is_true(metering: Client, seed: Minted) -> None:
    """Nothing is reserved for nothing, but a call may have cost nothing."""
    reserved, settled = reserve(metering, seed, cost=-1), settle(metering, -1)
    assert reserved.json["detail"] == "“cost” must be above 0, and at most a thousand million."
    assert settled.json["detail"] == "“cost” must be 0 or more, and at most a thousand million."


def test_nothing_is_cheaper_than_free(metering: Client, seed: Minted) -> None:
    assert reserve(metering, seed, cost=0).json["param"] == "cost"
    assert reserve(metering, seed, cost=5e-324).json["limits"]["requests_per_day"]["remaining"] == 9


def test_a_huge_cost_is_counted_and_breaks_nothing(metering: Client, seed: Minted) -> None:
    reserve(metering, seed)
    assert settle(metering, 10**9).status == 200
    assert metering.decide(token=seed.text, model="gpt-4o-mini").json["code"] == "allowance_used_up"


def test_what_nobody_knows_is_404(metering: Client, seed: Minted) -> None:
    for reply in (settle(metering, 1), cancel(metering), settle(metering, 1, token="nonsense")):
        assert (reply.status, reply.json["code"]) == (404, "reservation_unknown")
    unknown = seed.text[:7] + "0" * 12 + seed.text[19:]
    assert settle(metering, 1, token=unknown).status == 404


def test_each_gateway_has_names_of_its_own(metering: Client, seed: Minted) -> None:
    other = Client(add_gateway(name="b", kind="custom", scopes=["usage"], by=factories.administrator()).text)
    reserve(metering, seed)
    assert settle(other, 1).status == 404
    assert reserve(other, seed, cost=2).json["allow"]
    assert [cancel(other).status, settle(metering, 1).status] == [200, 200]
    assert left(metering, seed) == 8


def test_a_name_belongs_to_one_workspace(metering: Client, seed: Minted) -> None:
    reserve(metering, seed)
    reply = reserve(metering, factories.token())
    assert (reply.status, reply.json["code"]) == (409, "request_id_reused")


def test_a_bad_token_is_a_decision_and_holds_nothing(metering: Client, seed: Minted) -> None:
    nonsense = [(text, "token_malformed") for text in ("trl_sk_nonsense", "Ì", "\U000837c9", "")]
    for token, code in (*nonsense, (seed.text[:-6] + "000000", "token_malformed")):
        body = metering.post(
            "/v1/usage/reserve", {"endpoint": CHAT, "cost": 1, "request_id": "call-1", "token": token}
        ).json
        assert (body["code"], body["reservation"]) == (code, None)
    assert reserve(metering, seed).json["allow"]


def test_a_refused_call_can_be_reserved_again_under_its_name(metering: Client, seed: Minted) -> None:
    assert reserve(metering, seed, model="nothing").json["code"] == "model_not_found"
    assert reserve(metering, seed).json["allow"]


def test_a_version_that_was_never_committed_holds_nothing(metering: Client, seed: Minted) -> None:
    assert reserve(metering, seed, at_least=10**6).json["code"] == "version_ahead"
    assert reserve(metering, seed).json["limits"]["concurrent_calls"]["remaining"] == 2


def test_a_publishable_token_needs_its_origin_and_tells_no_more(metering: Client) -> None:
    application = factories.application()
    add_domain(application=application, host="app.example.com", by=application.created_by)
    shown = factories.token(application, kind="publishable")
    refused = reserve(metering, shown, "call-1").json
    assert (refused["code"], refused["reservation"], "workspace" in refused) == ("origin_not_allowed", None, False)
    held = reserve(metering, shown, "call-1", origin=PUBLIC).json
    assert (held["code"], held["reservation"]["cost"]) == ("ok", 4)
    for name in ("call-2", "call-3"):
        reserve(metering, shown, name, cost=1, origin=PUBLIC)
    busy = reserve(metering, shown, "call-4", cost=1, origin=PUBLIC).json
    assert (busy["code"], "workspace" in busy) == ("rate_limited", False)
