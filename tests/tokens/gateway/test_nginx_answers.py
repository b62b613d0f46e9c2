"""`?for=nginx-accel` and `?for=nginx`: what nginx can pass on."""

import json

import pytest

from tests import factories
from tests.tokens.gateway.calls import CHAT, Client, call
from tokens.actions.tokens import Minted
from tokens.gateway.protocols.nginx import MAX_ERROR_BODY, one_line

pytestmark = pytest.mark.django_db
MODEL = {"model": "gpt-4o-mini"}


def test_an_allowed_call_is_sent_to_the_upstream(client: Client, seed: Minted) -> None:
    reply = client.forward(headers={"X-Api-Key": seed.text}, json_body=MODEL, style="nginx-accel")
    assert (reply.status, reply.headers["x-accel-redirect"]) == (200, "@trellis_upstream")
    refused = client.forward(headers={"X-Api-Key": seed.text}, json_body={"model": "gpt-4o"}, style="nginx-accel")
    assert refused.status == 402
    assert "x-accel-redirect" not in refused.headers
    plain = client.forward(headers={"X-Api-Key": seed.text}, json_body=MODEL)
    assert "x-accel-redirect" not in plain.headers


STATUSES = [
    (f"{CHAT}?model=gpt-4o-mini", 200, None),
    (f"{CHAT}?model=gpt-4o", 403, "402"),
    (f"{CHAT}?model=gpt-4o-mini&model=a", 403, "400"),
    (f"{CHAT}?model=nothing", 403, "404"),
    (f"{CHAT}?model=claude-3-5-sonnet-20241022", 403, "410"),
    (f"{CHAT}?model=gpt-4o-mini&key=x", 401, "401"),
    ("/nowhere", 403, "404"),
]


@pytest.mark.parametrize(("uri", "status", "true_status"), STATUSES)
def test_auth_request_gets_what_it_understands_and_the_truth_beside_it(
    client: Client, seed: Minted, uri: str, status: int, true_status: str | None
) -> None:
    headers = {} if "key=" in uri else {"X-Api-Key": seed.text}
    reply = client.forward(uri, headers=headers, style="nginx")
    assert (reply.status, reply.headers.get("x-error-status")) == (status, true_status)
    if true_status:
        line = reply.headers["x-error-body"]
        assert line.isascii()
        assert json.loads(line) == reply.json


def test_a_wrong_gateway_key_does_not_look_like_the_callers_fault() -> None:
    reply = call("GET", "/v1/forward-auth?for=nginx", headers={"X-Forwarded-Uri": CHAT})
    assert (reply.status, reply.headers["x-error-status"]) == (403, "500")
    assert json.loads(reply.headers["x-error-body"])["error"]["code"] == "gateway_unauthorized"


def body(message: str, remedies: int = 0, also: int = 0) -> dict[str, object]:
    return {
        "error": {
            "message": message,
            "code": "tier_required",
            "remedies": [{"kind": "apply", "href": "https://example.com/" + "x" * 80}] * remedies,
            "also": [{"code": "wrong_endpoint", "message": "y" * 100}] * also,
            "request_id": "req_1",
        }
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (body("short", 3, 3), {"message", "remedies", "also"}),
        (body("short", 40, 3), {"message", "also"}),
        (body("short", 40, 40), {"message"}),
        (body("名" * 5000, 40, 40), set()),
        (body("🦄" * 5000), set()),
        (body('"\n\\' * 3000), set()),
    ],
)
def test_the_line_is_cut_in_the_order_of_what_matters_least(
    given: dict[str, dict[str, object]], kept: set[str]
) -> None:
    line = one_line(given)
    error = json.loads(line)["error"]
    assert len(line) <= MAX_ERROR_BODY
    assert line.isascii()
    assert not set(line) & {"\r", "\n"}
    for name in ("message", "remedies", "also"):
        if name in kept:
            assert error[name] == given["error"][name]
        elif name == "message":
            assert error[name].endswith("…")
            assert len(error[name]) > 100
        else:
            assert error[name] == []
    assert error["request_id"] == "req_1"


def test_a_long_name_in_many_letters_still_fits(client: Client) -> None:
    minted = factories.token()
    uri = f"{CHAT}?model=" + "%F0%9F%A6%84" * 600
    reply = client.forward(uri, headers={"X-Api-Key": minted.text}, style="nginx")
    assert reply.headers["x-error-status"] == "404"
    assert len(reply.headers["x-error-body"]) <= MAX_ERROR_BODY
