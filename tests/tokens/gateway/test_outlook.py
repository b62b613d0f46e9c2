"""What a holder is told of limits: what is left, and how a gateway would be refused now. Looking spends nothing."""

import json
from typing import Any

import pytest

from tests.tokens.gateway.calls import CHAT, Client, call
from tokens.actions.tokens import Minted
from tokens.models import Token

pytestmark = pytest.mark.usefixtures("patient_redis")
AS_A_GATEWAY = ("allow", "code", "status", "message", "also", "tier", "granted_by")


def of_holder(text: str, path: str, **values: Any) -> Any:
    headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}
    return call("POST" if values else "GET", path, headers=headers, body=json.dumps(values).encode()).json


def explained(text: str, **values: Any) -> Any:
    return of_holder(text, "/v1/explain", endpoint=CHAT, **{"model": "gpt-4o-mini", **values})


def capped(seed: Minted, **caps: int) -> None:
    Token.objects.filter(pk=seed.token.pk).update(**caps)


def checks(body: Any) -> dict[str, bool]:
    return {one["check"]: one["passed"] for one in body["checks"]}


def test_the_key_tells_what_is_left(client: Client, seed: Minted) -> None:
    capped(seed, requests_per_day=7)
    for _ in range(3):
        assert client.decide(token=seed.text, model="gpt-4o-mini").json["allow"]
    for _looked_at_twice in range(2):
        limits = of_holder(seed.text, "/v1/key")["limits"]
        assert (limits["requests_per_day"]["limit"], limits["requests_per_day"]["remaining"]) == (7, 4)
        assert 0 < limits["requests_per_day"]["reset"] <= 86_400
        assert limits["requests_per_month"]["remaining"] == limits["requests_per_month"]["limit"] - 3
        assert limits["concurrent_calls"] == {"limit": 10}


def test_a_spent_allowance_is_explained_as_the_gateway_refuses_it(client: Client, seed: Minted) -> None:
    capped(seed, requests_per_day=1)
    before = explained(seed.text)
    assert (before["allow"], before["limits"]["requests_per_day"]["remaining"]) == (True, 1)
    assert client.decide(token=seed.text, model="gpt-4o-mini").json["allow"]
    refused, told = client.decide(token=seed.text, model="gpt-4o-mini").json, explained(seed.text)
    assert refused["code"] == "allowance_used_up"
    assert [told.get(name) for name in AS_A_GATEWAY] == [refused.get(name) for name in AS_A_GATEWAY]
    assert [remedy["kind"] for remedy in told["remedies"]] == [remedy["kind"] for remedy in refused["remedies"]]
    assert [check for check, passed in checks(told).items() if not passed] == ["allowance"]
    assert list(checks(told))[:3] == ["token_form", "token_alive", "rate"]


def test_what_is_refused_anyway_is_not_refused_for_its_allowance(client: Client, seed: Minted) -> None:
    capped(seed, requests_per_day=1)
    assert client.decide(token=seed.text, model="gpt-4o-mini").json["allow"]
    told = explained(seed.text, model="gpt-4o")
    assert (told["code"], told["also"], checks(told)["allowance"]) == ("tier_required", [], True)


def test_a_spent_rate_comes_first_and_tells_when_the_next_call_may_come(client: Client, seed: Minted) -> None:
    """One call in a minute: the next comes a minute later, of which a slow machine has used some."""
    capped(seed, requests_per_minute=1)
    client.decide(token=seed.text, model="gpt-4o")
    told = explained(seed.text, model="gpt-4o")
    assert (told["code"], [one["code"] for one in told["also"]]) == ("rate_limited", ["tier_required"])
    assert [check for check, passed in checks(told).items() if not passed] == ["rate", "held"]
    assert told["remedies"][0]["kind"] == "wait"
