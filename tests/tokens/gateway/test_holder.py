"""What a token's holder is told by the token itself."""

import json
from typing import Any

import pytest

from tests import factories
from tests.factories import shop
from tests.tokens.gateway.calls import Reply, call
from tiers.models import AIModel
from tokens import keys
from tokens.actions.applications import add_domain
from tokens.actions.tokens import Minted, revoke_token
from tokens.models import Token

PATHS = ("/v1/models", "/v1/models/gpt-4o-mini", "/v1/key")


def get(path: str, text: str, **headers: str) -> Reply:
    return call("GET", path, headers={"Authorization": f"Bearer {text}", **headers})


def explain(text: str, **values: Any) -> Reply:
    headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}
    headers |= {"Origin": values["origin"]} if "origin" in values else {}
    return call("POST", "/v1/explain", headers=headers, body=json.dumps(values).encode())


def test_the_list_has_openais_shape_and_says_what_opens_each(seed: Minted) -> None:
    reply = get("/v1/models", seed.text)
    found = {one["id"]: one for one in reply.json["data"]}
    assert (reply.status, reply.json["object"]) == (200, "list")
    assert all(one["object"] == "model" and isinstance(one["created"], int) for one in found.values())
    mini, large = found["gpt-4o-mini"], found["gpt-4o"]
    assert (mini["callable"], mini["operations"][0], mini["granted_by"]["source"]) == (True, "chat_completion", "rule")
    assert (large["callable"], large["opens"]["tier"], large["refusal"]["code"]) == (False, "flower", "tier_required")
    assert large["refusal"]["remedies"][0]["href"].startswith("http://127.0.0.1:8000/requests/new/")


def test_a_retired_model_is_not_listed_and_says_so_when_asked_for(seed: Minted) -> None:
    AIModel.objects.filter(name="gpt-4o").update(retired_at="2020-01-01T00:00:00Z")
    assert "gpt-4o" not in {one["id"] for one in get("/v1/models", seed.text).json["data"]}
    assert get("/v1/models/gpt-4o", seed.text).json["refusal"]["code"] == "model_retired"


def test_one_model_by_its_name_or_alias(seed: Minted) -> None:
    assert get("/v1/models/gpt-4o-mini", seed.text).json["id"] == "gpt-4o-mini"
    refused = get("/v1/models/GPT-4o-mini", seed.text)
    assert (refused.status, refused.error["code"]) == (404, "model_not_found")


def test_the_key_tells_tier_restrictions_and_end(seed: Minted) -> None:
    Token.objects.filter(pk=seed.token.pk).update(allowed_models=["gpt-4o-mini"])
    body = get("/v1/key", seed.text).json
    assert (body["id"], body["kind"], body["tier"]) == (seed.token.public_id, "secret", "seed")
    assert body["restrictions"]["models"] == ["gpt-4o-mini"]
    assert body["expires_at"] is None or body["expires_at"].endswith("Z")
    assert body["limits"]["requests_per_minute"]["limit"] >= 1
    assert seed.text not in json.dumps(body)


def test_a_key_tells_the_lowest_limit_that_holds(seed: Minted) -> None:
    Token.objects.update(requests_per_day=7, requests_per_minute=10**6)
    assert {name: one["limit"] for name, one in get("/v1/key", seed.text).json["limits"].items()} == {
        "requests_per_minute": 60,
        "requests_per_day": 7,
        "requests_per_month": 100_000,
        "concurrent_calls": 10,
    }


def test_explain_traces_every_check_and_spends_nothing(seed: Minted) -> None:
    body = explain(seed.text, model="gpt-4o", endpoint="/v1/completions").json
    outcome = {one["check"]: one["passed"] for one in body["checks"]}
    assert (body["allow"], body["code"]) == (False, "tier_required")
    assert list(outcome)[-3:] == ["held", "served", "allowance"]
    assert [check for check, passed in outcome.items() if not passed] == ["held", "served"]
    assert [one["code"] for one in body["also"]] == ["wrong_endpoint"]


@pytest.mark.parametrize("path", PATHS)
def test_only_a_good_token_is_answered(seed: Minted, path: str) -> None:
    assert (call("GET", path).status, call("GET", path).error["code"]) == (401, "token_missing")
    assert get(path, "x").error["code"] == "token_malformed"
    assert get(path, seed.text, **{"X-Api-Key": "y"}).error["code"] == "token_malformed"
    unknown = keys.make(keys.KeyKind.SECRET, seed.token.workspace.public_id).text
    assert get(path, unknown).error["code"] == "token_unknown"
    revoke_token(token=seed.token, reason="Lost.", by=seed.token.created_by)
    assert get(path, seed.text).error["code"] == "token_revoked"


def test_a_publishable_token_needs_its_origin_here_too_and_is_told_no_workspace(seed: Minted) -> None:
    application = seed.token.application
    add_domain(application=application, host="app.example.com", by=application.created_by)
    browser = factories.token(application, kind="publishable")
    assert get("/v1/key", browser.text).error["code"] == "origin_not_allowed"
    told = get("/v1/key", browser.text, Origin="https://app.example.com").json
    assert (told["kind"], "workspace" in told) == ("publishable", False)


def test_a_publishable_token_learns_of_no_order(seed: Minted) -> None:
    application = seed.token.application
    order = shop.bought(application.workspace, shop.offer(tier="flower"))
    add_domain(application=application, host="app.example.com", by=application.created_by)
    public = factories.token(application, kind="publishable").text
    path, described = "/v1/models/gpt-4o", {"model": "gpt-4o", "endpoint": "/v1/chat/completions"}
    secret = [get(path, seed.text).json, explain(seed.text, **described).json]
    assert [one["granted_by"]["id"] for one in secret] == [order.public_id] * 2
    origin = "https://app.example.com"
    told = [get(path, public, Origin=origin).json, explain(public, **described, origin=origin).json]
    for one in told:
        assert one["granted_by"].keys() == {"source", "until"}
        assert order.public_id not in json.dumps(one)
        assert application.workspace.public_id not in json.dumps(one)


def test_the_sixty_first_ask_of_a_minute_waits(seed: Minted) -> None:
    """Over a minute's end there is room for sixty more, so it may take up to 121."""
    replies = [get("/v1/key", seed.text) for _ in range(121)]
    late = next(reply for reply in replies if reply.status != 200)
    assert (late.status, late.error["code"], late.error["type"]) == (429, "rate_limited", "rate_limit_error")
    assert 1 <= int(late.headers["retry-after"]) <= 60


def test_a_description_that_is_none_is_400(seed: Minted) -> None:
    reply = explain(seed.text, model="gpt-4o")
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "invalid_ask", "endpoint")
