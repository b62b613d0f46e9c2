"""A spent limit through the protocols, from rows as the site makes them."""

import pytest

from tests.tokens.gateway.calls import CHAT, Client
from tokens.actions.tokens import Minted
from tokens.models import Token

pytestmark = pytest.mark.usefixtures("patient_redis")
MODEL = {"model": "gpt-4o-mini"}


@pytest.mark.parametrize(
    ("column", "code", "last", "worth_a_retry"),
    [
        ("requests_per_minute", "rate_limited", 60, True),
        ("requests_per_month", "allowance_used_up", 31 * 86_400, False),
    ],
)
def test_it_is_429_with_the_limit_named_and_when_to_ask_again(
    client: Client, seed: Minted, column: str, code: str, last: int, worth_a_retry: bool
) -> None:
    Token.objects.update(**{column: 1})
    ask = {"token": seed.text, **MODEL}
    allowed = client.decide(**ask).json
    left = allowed["limits"][column]
    assert (allowed["allow"], left["limit"], left["remaining"]) == (True, 1, 0)
    reply = client.decide(**ask)
    told = (reply.status, reply.json["status"], reply.json["code"], reply.json["param"])
    assert told == (200, 429, code, None)
    assert reply.json["type"] == "rate_limit_error"
    assert "its holder set that limit" in reply.json["message"]
    assert [remedy["kind"] for remedy in reply.json["remedies"]] == ["wait", "edit"]
    assert 1 <= int(reply.headers["retry-after"]) <= last
    refused = client.forward(CHAT, headers={"X-Api-Key": seed.text}, json_body=MODEL)
    assert (refused.status, refused.error["code"]) == (429, code)
    assert refused.headers.get("x-should-retry") == (None if worth_a_retry else "false")
    assert refused.headers["ratelimit"]


def test_a_refused_call_spends_no_allowance(client: Client, seed: Minted) -> None:
    Token.objects.update(requests_per_month=1)
    for _call in range(3):
        assert client.decide(token=seed.text, model="gpt-4o").json["code"] == "tier_required"
    assert client.decide(token=seed.text, **MODEL).json["allow"]
