"""What the shipped nginx configurations let through, and what they keep back: headers, secrets, bodies, statuses."""

import json
import signal
from contextlib import suppress

import httpx
import psutil
import pytest

from tests import factories
from tests.journeys.conftest import Edge
from tokens.models import Application

CHAT = "/v1/chat/completions"
BODY = {"model": "gpt-4o-mini", "messages": []}
FORGED = {
    "X-Accel-Redirect": "@trellis_upstream",
    "X-Gateway-Key": "trl_gw_x",
    "X-Model": "gpt-4o-mini",
    "X-Trellis-Application": "forged",
    "X-Trellis-Other": "forged",
    "X-Forwarded-Uri": CHAT,
    "X-Forwarded-Method": "POST",
    "X-Forwarded-For": "192.0.2.1",
    "X_Forwarded_Uri": CHAT,
    "X_Model": "gpt-4o-mini",
    "Cookie": "a=b",
}


def limits(reply: httpx.Response) -> set[str]:
    """The header fields that say what is left of the caller's limits."""
    return {name for name in reply.headers if name.startswith(("ratelimit", "x-ratelimit-"))}


def told(edge: Edge, token: str) -> set[str]:
    """Those that Trellis itself sends with an allow."""
    asked = {"X-Forwarded-Uri": "/prompt/hello?model=gpt-4o-mini", "X-Forwarded-Method": "GET"}
    headers = {**asked, "X-Gateway-Key": edge.gateway_key, "Authorization": f"Bearer {token}"}
    reply = httpx.get(f"{edge.trellis}/v1/forward-auth", headers=headers, timeout=90)
    assert (reply.status_code, bool(limits(reply))) == (200, True), reply.text
    return limits(reply)


def test_what_a_caller_forges_is_not_believed(accel: Edge) -> None:
    minted = factories.token()
    headers = {**FORGED, "Authorization": f"Bearer {minted.text}"}
    assert accel.request("POST", CHAT, headers=headers, json={**BODY, "model": "gpt-4o"}).status_code == 402
    assert accel.request("POST", CHAT, headers=headers).json()["error"]["code"] == "model_missing"
    assert (
        accel.request("POST", "/v1/nothing", headers=headers, json=BODY).json()["error"]["code"] == "endpoint_unknown"
    )
    assert accel.request("POST", CHAT, headers=FORGED, json=BODY).json()["error"]["code"] == "token_missing"
    assert accel.upstream.received == []
    reply = accel.request("POST", CHAT, headers=headers, json=BODY)
    assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (200, "*")
    assert limits(reply) == told(accel, minted.text)
    [received] = accel.upstream.received
    assert received.headers["x-trellis-application"] == minted.token.application.slug
    assert received.headers["x-trellis-workspace"] == minted.token.workspace.public_id
    kept_back = {*FORGED, "X-Trellis-Other", "Authorization"} - {"X-Trellis-Application"}
    assert not {name.lower() for name in kept_back} & received.headers.keys()
    assert accel.gateway_key not in str(received.headers)


QUERIES = [
    ("?key={}", ""),
    ("?a=1&key={}", "?a=1"),
    ("?key={}&a=1", "?a=1"),
    ("?a=1&token={}&b=2", "?a=1&b=2"),
    ("?token={0}&key={0}&key={0}&b=2", "?b=2"),
    ("?token={0}&key={0}&key={0}&key={0}&b=2", ""),
    ("?monkey=1&key={}&tokens=2", "?monkey=1&tokens=2"),
]


def test_tokens_in_the_query_go_no_further(accel: Edge) -> None:
    minted = factories.token()
    Application.objects.update(secret_in_query=True)
    for query, _ in QUERIES:
        reply = accel.request("POST", CHAT + query.format(minted.text), json=BODY)
        assert reply.status_code == 200, reply.text
    assert [received.path for received in accel.upstream.received] == [CHAT + rest for _, rest in QUERIES]
    assert accel.request("POST", f"{CHAT}?k%65y={minted.text}", json=BODY).status_code == 400
    assert accel.request("POST", f"{CHAT}?key={minted.text}", json={**BODY, "model": "gpt-4o"}).status_code == 402
    headers = {"Referer": f"https://example.com/?key={minted.text}"}
    assert accel.request("POST", f"{CHAT}?key={minted.text}", headers=headers, json=BODY).status_code == 200
    assert accel.request("GET", "/last").status_code == 404
    log = accel.log(until="/last")
    assert minted.text[-27:] not in log
    assert f'"POST {CHAT}?a=1&b=2" 200' in log
    assert all(minted.text not in file.read_text() for file in accel.folder.glob("*.log"))


def test_browsers_may_ask_beforehand(accel: Edge) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Headers": "authorization,x-stainless-os"}
    reply = accel.request("OPTIONS", CHAT, headers=headers)
    assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (204, "*")
    assert reply.headers["access-control-allow-headers"] == "authorization,x-stainless-os"


def test_auth_request_passes_every_refusal_on_as_it_was(auth_request: Edge) -> None:
    minted = factories.token()
    token = {"Authorization": f"Bearer {minted.text}", "Accept-Language": "en"}
    cases = [
        ("?model=gpt-4o", token, 402, "tier_required"),
        ("?model=nothing", token, 404, "model_not_found"),
        ("", token, 400, "model_missing"),
        ("?model=claude-3-5-sonnet-20241022", token, 410, "model_retired"),
        ("?model=gpt-4o-mini", {}, 401, "token_missing"),
        ("?model=gpt-4o-mini", {"X-Api-Key": "x"}, 401, "token_malformed"),
        ("?model=gpt-4o-mini&model=a", token, 400, "ask_ambiguous"),
        ("?model=" + "%E8%8A%B1" * 900, token, 404, "model_not_found"),
    ]
    for query, headers, status, code in cases:
        reply = auth_request.request("GET", f"/prompt/hello{query}", headers={**FORGED, **headers})
        error = reply.json()["error"]
        assert (reply.status_code, error["code"]) == (status, code)
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["x-should-retry"] == "false"
        assert ("www-authenticate" in reply.headers) == (status == 401)
    assert auth_request.upstream.received == []


def test_auth_request_passes_a_call_on_without_its_body(auth_request: Edge) -> None:
    minted = factories.token()
    Application.objects.update(secret_in_query=True)
    path = f"/prompt/a%20garden?model=gpt-4o-mini&key={minted.text}&seed=1"
    reply = auth_request.request("GET", path, headers=FORGED, content=json.dumps({"model": "gpt-5"}))
    assert reply.status_code == 200
    assert limits(reply) == told(auth_request, minted.text)
    [received] = auth_request.upstream.received
    assert (received.path, received.length) == ("/prompt/a%20garden?model=gpt-4o-mini&seed=1", 0)
    assert received.headers["x-trellis-application"] == minted.token.application.slug
    request_id = received.headers["x-trellis-request-id"]
    log = auth_request.log(until=request_id)
    assert request_id in log
    assert minted.text not in log


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["accel", "auth_request"])
def test_without_trellis_nobodys_token_is_blamed(kind: str, request: pytest.FixtureRequest) -> None:
    edge: Edge = request.getfixturevalue(kind)
    token = {"Authorization": f"Bearer {factories.token().text}"}
    method, path = ("POST", CHAT) if kind == "accel" else ("GET", "/prompt/hello?model=gpt-4o-mini")
    options = {"json": BODY} if kind == "accel" else {}
    reply = edge.request(method, path, headers=token, **options)
    assert reply.status_code == 200, reply.text
    served = httpx.URL(edge.trellis).port
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # A child of the browser's may have just ended.
            if any(place.laddr.port == served for place in process.net_connections("tcp") if place.status == "LISTEN"):
                process.send_signal(signal.SIGKILL)
    for reply in (
        edge.request(method, path, headers=token, **options),
        edge.request("GET", "/v1/models", headers=token),
    ):
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
