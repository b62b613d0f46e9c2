"""The shipped ASGI and WSGI middleware under real servers, and the official client in front of them."""

import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import openai
import pytest

from tests.fixtures import proxies
from tests.gateways.conftest import Platform
from tests.gateways.edges import FORGED, PROMPT, Front

pytestmark = [pytest.mark.server, pytest.mark.django_db]
CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]
JSON = {"Content-Type": "application/json"}
GRANIAN = ["-m", "granian", "--host", "127.0.0.1", "--workers", "1", "--log-level", "error"]
SERVERS = {
    "asgi": [*GRANIAN, "--interface", "asgi", "tests.gateways.guarded:asgi", "--port"],
    "wsgi": [*GRANIAN, "--interface", "wsgi", "tests.gateways.guarded:wsgi", "--port"],
    "wsgiref": ["-m", "tests.gateways.guarded"],
}


@pytest.fixture(scope="module", params=SERVERS)
def front(
    request: pytest.FixtureRequest, platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    port = proxies.free_port()
    own = {"TRELLIS": f"http://{platform.trellis}", "TRELLIS_KEY": platform.keys["custom"]}
    environment = {**os.environ, **own, "PYTHONPATH": str(proxies.CONFIGURATIONS)}
    command = [sys.executable, *SERVERS[request.param], str(port)]
    with proxies.ended(subprocess.Popen(command, cwd=proxies.CLONE, env=environment)) as process:
        proxies.wait_for(port, process)
        yield Front(port, tmp_path_factory.mktemp("none"))


def chat(model: str) -> bytes:
    return json.dumps({"model": model, "messages": HELLO}).encode()


def seen(front: Front, *call: Any) -> Any:
    reply = front.call(*call)
    assert reply.status == 200, reply.body
    return json.loads(reply.body)["seen"]


def test_the_official_client_is_answered_and_refused_as_trellis_says(front: Front, platform: Platform) -> None:
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{front.port}/v1", api_key=platform.token, max_retries=0)
    assert client.chat.completions.create(model="gpt-4o-mini", messages=HELLO).model == "gpt-4o-mini"
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert (refused.value.status_code, refused.value.code) == (402, "tier_required")
    assert refused.value.body["remedies"][0]["href"]
    assert refused.value.request_id == refused.value.body["request_id"]


def test_the_application_sees_whose_call_it_is_and_no_token(
    front: Front, platform: Platform, bearer: dict[str, str]
) -> None:
    body = chat("gpt-4o-mini")
    call = seen(front, "POST", f"{CHAT}?a=1&key={platform.token}&b=%26", {**JSON, **FORGED, **bearer}, body)
    assert (call["path"], call["query"], call["digest"]) == (CHAT, "a=1&b=%26", sha256(body).hexdigest())
    decision = call["decision"]
    assert (decision["application"], decision["workspace"]) == (platform.application, platform.workspace)
    assert decision["tier"] == "seed"
    assert decision["request_id"].startswith("req_")
    assert not {"authorization", "x-api-key"} & set(call["headers"])
    assert seen(front, "GET", "/prompt/a%20garden?model=gpt-4o-mini", bearer)["path"] == "/prompt/a garden"


def test_what_trellis_refuses_is_refused(front: Front, platform: Platform, bearer: dict[str, str]) -> None:
    distant = {"Authorization": f"Bearer {platform.distant}"}
    cases = [
        ("POST", CHAT, bearer, b'{"model": "gpt-4o-mini", "model": "gpt-4o"}', 400, "ask_ambiguous"),
        ("POST", f"{CHAT}?model=gpt-4o-mini", bearer, chat("gpt-4o"), 400, "ask_ambiguous"),
        ("POST", CHAT, bearer, b"{}", 400, "model_missing"),
        ("POST", "/v1/nothing", bearer, chat("gpt-4o-mini"), 404, "endpoint_unknown"),
        ("POST", CHAT, {}, chat("gpt-4o-mini"), 401, "token_missing"),
        ("POST", CHAT, distant, chat("gpt-4o-mini"), 403, "ip_not_allowed"),
        ("GET", "/prompt//hello?model=gpt-4o-mini", bearer, None, 404, "endpoint_unknown"),
        ("GET", f"{PROMPT}&k%65y={platform.token}", {}, None, 400, "ask_ambiguous"),
    ]
    for method, target, headers, body, status, code in cases:
        reply = front.call(method, target, {**JSON, **FORGED, **headers}, body)
        assert (reply.status, reply.error["code"]) == (status, code), target
        assert (reply.headers["content-type"], reply.headers["x-should-retry"]) == ("application/json", "false")
        assert ("www-authenticate" in reply.headers) == (status == 401)


@pytest.mark.parametrize("size", [1_000, 1 << 20, 5_000_000])
def test_long_bodies_arrive_whole_where_the_route_names_the_model(
    front: Front, bearer: dict[str, str], size: int
) -> None:
    body = b"RIFF" + os.urandom(size - 4)
    call = seen(front, "POST", "/v1/audio/transcriptions", {**bearer, "Content-Type": "audio/wav"}, body)
    assert (call["length"], call["digest"]) == (size, sha256(body).hexdigest())
    padded = chat("gpt-4o-mini").ljust(size)
    reply = front.call("POST", CHAT, {**bearer, **JSON}, padded)
    assert reply.status == (200 if size <= 1 << 20 else 413), reply.body


def test_streams_pass_and_limits_are_told(front: Front, bearer: dict[str, str], told: set[str]) -> None:
    reply = front.call("GET", f"{PROMPT}&stream=1", bearer)
    assert (reply.status, reply.body.count(b"data: ")) == (200, 2)
    assert reply.limits == told
    assert "model server" not in reply.headers.get("x-ratelimit-limit-requests", "")


def never(*_args: Any) -> Any:
    raise AssertionError("the application was called")


def answered(name: str, address: str, key: str) -> httpx.Response:
    """What a call gets where Trellis is not as it should be."""
    made = importlib.import_module(name).Trellis(never, address=address, key=key)
    call = httpx.Request("POST", f"http://x{CHAT}", json={"model": "gpt-4o-mini"})
    if name == "trellis_wsgi":
        return httpx.Client(transport=httpx.WSGITransport(made)).send(call)

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(made)) as client:
            reply = await client.send(call)
            await reply.aread()
            return reply

    return asyncio.run(asked())


@pytest.mark.parametrize("name", ["trellis_asgi", "trellis_wsgi"])
def test_what_is_broken_is_nobodys_tokens_fault(name: str, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(proxies.CONFIGURATIONS))
    nowhere, another = f"127.0.0.1:{proxies.free_port()}", platform.places["127.0.0.1:9000"]
    for address in (nowhere, another):
        reply = answered(name, f"http://{address}", platform.keys["custom"])
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
    reply = answered(name, f"http://{platform.trellis}", "trl_gw_x")
    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "gateway_unauthorized")


def test_a_websocket_is_decided_before_it_is_accepted(
    platform: Platform, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(proxies.CONFIGURATIONS))
    module = importlib.import_module("trellis_asgi")
    path, _, query = PROMPT.partition("?")

    async def said(headers: dict[str, str]) -> list[str]:
        sent: list[str] = []

        async def accept(_scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "websocket.accept"})

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])

        application = module.Trellis(accept, address=f"http://{platform.trellis}", key=platform.keys["custom"])
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "websocket", "path": path, "query_string": query.encode(), "headers": raw}
        await application(scope, never, send)
        return sent

    assert asyncio.run(said(bearer)) == ["websocket.accept"]
    assert asyncio.run(said({})) == ["websocket.close"]
