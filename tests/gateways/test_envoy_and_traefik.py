"""The shipped configurations of Envoy and Traefik in the real programs, which show Trellis the bodies of calls."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256

import openai
import pytest

from tests.fixtures import proxies
from tests.fixtures.upstream import Received
from tests.gateways.conftest import Platform
from tests.gateways.edges import FORGED, PROMPT, UNDERSCORED, Front

pytestmark = [pytest.mark.server, pytest.mark.django_db]
CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]
JSON = {"Content-Type": "application/json"}
PROGRAMS = {"envoy": proxies.envoy, "traefik": proxies.traefik}


@pytest.fixture(scope="module", params=PROGRAMS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def front(kind: str, platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp(kind)
    with PROGRAMS[kind](folder, {**platform.places, "trl_gw_CHANGE": platform.keys[kind]}) as port:
        yield Front(port, folder)


@pytest.fixture(scope="module")
def broken(kind: str, platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Front]]:
    """The same with a wrong key, and without Trellis."""
    changes = {**platform.places, "trl_gw_CHANGE": platform.keys[kind]}
    nowhere = f"127.0.0.1:{proxies.free_port()}"
    ways = {"key": {**changes, "trl_gw_CHANGE": "trl_gw_x"}, "trellis": {**changes, "127.0.0.1:8000": nowhere}}
    with ExitStack() as running:
        fronts = {}
        for name, wrong in ways.items():
            folder = tmp_path_factory.mktemp(f"{kind}-{name}")
            fronts[name] = Front(running.enter_context(PROGRAMS[kind](folder, wrong)), folder)
        yield fronts


def chat(model: str) -> bytes:
    return json.dumps({"model": model, "messages": HELLO}).encode()


def test_the_official_client_is_answered_and_refused_as_trellis_says(front: Front, platform: Platform) -> None:
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{front.port}/v1", api_key=platform.token, max_retries=0)
    assert client.chat.completions.create(model="gpt-4o-mini", messages=HELLO).model == "gpt-4o-mini"
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Grow well."
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert (refused.value.status_code, refused.value.code) == (402, "tier_required")
    assert refused.value.request_id == refused.value.body["request_id"]


def test_a_call_arrives_with_whose_it_is_and_without_its_token(
    kind: str, front: Front, platform: Platform, bearer: dict[str, str], told: set[str], received: list[Received]
) -> None:
    for method, target, body in (("POST", CHAT, chat("gpt-4o-mini")), ("GET", "/prompt/a%20b?model=gpt-4o-mini", None)):
        reply = front.call(method, target, {**bearer, **FORGED, **JSON, "Cookie": "a=b"}, body)
        assert reply.status == 200, reply.body
        assert reply.limits == (told if kind == "envoy" else set())
        call = received.pop()
        assert (call.method, call.path, call.length) == (method, target, len(body or b""))
        assert call.headers["x-trellis-application"] == platform.application
        assert call.headers["x-trellis-workspace"] == platform.workspace
        assert call.headers["x-trellis-tier"] == "seed"
        kept_back = {"x-trellis-other", "x-model", "x-gateway-key", "authorization", "cookie", "forwarded"}
        assert not kept_back & call.headers.keys()
        assert "192.0.2.1" not in str(call.headers)
        assert platform.keys[kind] not in str(call.headers)


def test_what_a_caller_forges_is_not_believed(
    front: Front, platform: Platform, bearer: dict[str, str], received: list[Received]
) -> None:
    distant = {"Authorization": f"Bearer {platform.distant}"}
    cases = [
        ("POST", CHAT, bearer, chat("gpt-4o"), 402, "tier_required"),
        ("POST", CHAT, bearer, b'{"model": "gpt-4o-mini", "model": "gpt-4o"}', 400, "ask_ambiguous"),
        ("POST", f"{CHAT}?model=gpt-4o-mini", bearer, chat("gpt-4o"), 400, "ask_ambiguous"),
        ("POST", CHAT, bearer, b"{}", 400, "model_missing"),
        ("POST", "/v1/nothing", bearer, chat("gpt-4o-mini"), 404, "endpoint_unknown"),
        ("POST", CHAT, {}, chat("gpt-4o-mini"), 401, "token_missing"),
        ("POST", CHAT, distant, chat("gpt-4o-mini"), 403, "ip_not_allowed"),
        ("GET", "/prompt/hello?model=gpt-4o", bearer, None, 402, "tier_required"),
        ("DELETE", CHAT, bearer, None, 404, "endpoint_unknown"),
    ]
    for method, target, headers, body, status, code in cases:
        reply = front.call(method, target, {**FORGED, **JSON, **headers}, body)
        assert (reply.status, reply.error["code"]) == (status, code), (target, reply.error)
        assert reply.headers["x-should-retry"] == "false"
        assert ("www-authenticate" in reply.headers) == (status == 401)
    reply = front.call("POST", CHAT, {**UNDERSCORED, **JSON, **bearer}, chat("gpt-4o"))
    assert reply.status in {400, 402}
    assert received == []
    assert front.call("POST", CHAT, {**UNDERSCORED, **JSON, **bearer}, chat("gpt-4o-mini")).status in {200, 400}
    assert "x_trellis_application" not in str(received)


@pytest.mark.parametrize("target", ["//prompt/hello", "/prompt/../x", "/prompt/a%2Fb", "/prompt/%2e%2e/prompt/x"])
def test_a_path_that_could_be_read_in_two_ways_goes_nowhere_else(
    front: Front, bearer: dict[str, str], received: list[Received], target: str
) -> None:
    reply = front.call("GET", f"{target}?model=gpt-4o", bearer)
    assert 400 <= reply.status < 500, reply.body
    assert received == []


@pytest.mark.parametrize("size", [1_000, 1_100_000, 5_000_000])
def test_long_bodies_arrive_whole_where_the_route_names_the_model(
    front: Front, bearer: dict[str, str], received: list[Received], size: int
) -> None:
    body = bytes(range(256)) * (size // 256)
    for sent in (body, iter([body])):
        reply = front.call("POST", "/v1/audio/transcriptions", {**bearer, "Content-Type": "audio/wav"}, sent)
        assert reply.status == 200, reply.body
        assert received.pop().digest == sha256(body).hexdigest()
    if size > 1 << 20:
        reply = front.call("POST", CHAT, {**bearer, **JSON}, chat("gpt-4o-mini") + b" " * size)
        assert (reply.status, reply.error["code"]) == (413, "too_large")
        assert received == []


def test_tokens_in_the_query_go_no_further(
    kind: str, front: Front, platform: Platform, received: list[Received]
) -> None:
    token, rest = platform.token, "b=%26model%3Dgpt-4o"
    queries = [f"?a=1&{name}={token}&{rest}" for name in ("key", "token")]
    replies = [front.call("POST", CHAT + query, JSON, chat("gpt-4o-mini")) for query in queries]
    escaped = front.call("POST", f"{CHAT}?k%65y={token}", JSON, chat("gpt-4o-mini"))
    assert escaped.status == 400
    if kind == "envoy":
        assert [reply.status for reply in replies] == [200, 200]
        assert [call.path for call in received] == [f"{CHAT}?a=1&{rest}"] * 2
    else:
        assert [reply.status for reply in replies] == [400, 400]
        assert received == []
    assert front.call("GET", "/last", {"Referer": f"http://a/?key={token}"}).status == 404
    assert token[-27:] not in front.logged(until="/last" if kind == "envoy" else ":404")


def test_browsers_may_ask_beforehand(front: Front, bearer: dict[str, str]) -> None:
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    reply = front.call("OPTIONS", CHAT, {**asked, "Access-Control-Request-Headers": "authorization"})
    assert reply.status in {200, 204}
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "authorization" in reply.headers["access-control-allow-headers"].lower()
    for model, status in (("gpt-4o-mini", 200), ("gpt-4o", 402)):
        reply = front.call("POST", CHAT, {**bearer, **JSON, "Origin": "https://app.example.com"}, chat(model))
        assert (reply.status, reply.headers["access-control-allow-origin"]) == (status, "*")


def test_websockets_pass(front: Front, bearer: dict[str, str]) -> None:
    assert front.echoed(PROMPT, bearer) == b"ping"


def test_what_is_broken_is_nobodys_tokens_fault(
    kind: str, broken: dict[str, Front], platform: Platform, bearer: dict[str, str], received: list[Received]
) -> None:
    reply = broken["key"].call("POST", CHAT, {**bearer, **JSON}, chat("gpt-4o-mini"))
    expected = {"envoy": (503, "unavailable"), "traefik": (500, "gateway_unauthorized")}
    assert (reply.status, reply.error["code"]) == expected[kind]
    reply = broken["trellis"].call("POST", CHAT, {**bearer, **JSON}, chat("gpt-4o-mini"))
    listed = broken["trellis"].call("GET", "/v1/models", bearer)
    if kind == "envoy":
        assert (reply.status, reply.error["code"]) == (503, "unavailable")
        assert (listed.status, listed.error["code"]) == (503, "unavailable")
    else:
        assert (reply.status, listed.status) == (500, 502)
    assert received == []
