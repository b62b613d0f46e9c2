"""The shipped Caddyfile in a real Caddy, before a real Trellis and a model server."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.fixtures import proxies
from tests.fixtures.upstream import Received
from tests.gateways.conftest import Platform
from tests.gateways.edges import FORGED, PROMPT, UNDERSCORED, Front

pytestmark = [pytest.mark.server, pytest.mark.django_db]
ROUTE = "# /v1/audio/transcriptions whisper-1 pass"


@pytest.fixture(scope="module")
def caddy(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("caddy")
    changes = {**platform.places, "trl_gw_CHANGE": platform.keys["caddy"], ROUTE: ROUTE.removeprefix("# ")}
    with proxies.caddy(folder, changes) as port:
        yield Front(port, folder)


@pytest.fixture(scope="module")
def broken(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Front]]:
    """Caddy with a wrong key, without Trellis, and without a model server."""
    changes = {**platform.places, "trl_gw_CHANGE": platform.keys["caddy"]}
    nowhere = f"127.0.0.1:{proxies.free_port()}"
    ways = {
        "key": {**changes, "trl_gw_CHANGE": platform.keys["caddy"][:-1]},
        "trellis": {**changes, "127.0.0.1:8000": nowhere},
        "models": {**changes, "127.0.0.1:9000": nowhere},
    }
    with ExitStack() as running:
        fronts = {}
        for name, wrong in ways.items():
            folder = tmp_path_factory.mktemp(f"caddy-{name}")
            fronts[name] = Front(running.enter_context(proxies.caddy(folder, wrong)), folder)
        yield fronts


def test_an_allowed_call_arrives_with_whose_it_is_and_without_its_token(
    caddy: Front, platform: Platform, bearer: dict[str, str], told: set[str], received: list[Received]
) -> None:
    reply = caddy.call(
        "GET", "/prompt/a%20garden%3F?model=gpt-4o-mini&seed=1", {**bearer, **FORGED, **UNDERSCORED, "Cookie": "a=b"}
    )
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "*")
    assert reply.limits == told
    [call] = received
    assert (call.method, call.path) == ("GET", "/prompt/a%20garden%3F?model=gpt-4o-mini&seed=1")
    assert call.headers["x-trellis-application"] == platform.application
    assert call.headers["x-trellis-workspace"] == platform.workspace
    assert call.headers["x-trellis-tier"] == "seed"
    assert call.headers["x-trellis-request-id"]
    kept_back = {"x-trellis-other", "x-gateway-key", "authorization", "cookie", *map(str.lower, UNDERSCORED)}
    assert not kept_back & call.headers.keys()
    assert "192.0.2.1" not in str(call.headers)
    assert platform.keys["caddy"] not in str(call.headers)


def test_a_refusal_reaches_the_caller_as_it_was(
    caddy: Front, platform: Platform, bearer: dict[str, str], received: list[Received]
) -> None:
    cases = [
        ("/prompt/hello?model=gpt-4o", bearer, 402, "tier_required"),
        ("/prompt/hello?model=nothing", bearer, 404, "model_not_found"),
        ("/prompt/hello", bearer, 400, "model_missing"),
        ("/prompt/hello?model=gpt-4o-mini&model=gpt-4o", bearer, 400, "ask_ambiguous"),
        ("/v1/chat/completions?model=gpt-4o-mini", bearer, 404, "endpoint_unknown"),
        (PROMPT, {}, 401, "token_missing"),
        (PROMPT, {"Authorization": f"Bearer {platform.distant}"}, 403, "ip_not_allowed"),
    ]
    for target, headers, status, code in cases:
        reply = caddy.call("GET", target, {**FORGED, **UNDERSCORED, **headers})
        assert (reply.status, reply.error["code"]) == (status, code), target
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["x-should-retry"] == "false"
        assert reply.headers["x-request-id"] == reply.error["request_id"]
        assert ("www-authenticate" in reply.headers) == (status == 401)
    assert caddy.call("GET", "/prompt/hello?model=gpt-4o", bearer).error["remedies"][0]["href"]
    assert received == []


@pytest.mark.parametrize(
    "target", ["//prompt/hello", "/prompt/../prompt/hello", "/prompt/a%2Fb", "/prompt/%2e%2e/x", "/x/%70rompt/y"]
)
def test_a_path_that_could_be_read_in_two_ways_is_refused(
    caddy: Front, bearer: dict[str, str], received: list[Received], target: str
) -> None:
    reply = caddy.call("GET", f"{target}?model=gpt-4o-mini", bearer)
    assert (reply.status, reply.error["code"]) == (404, "endpoint_unknown")
    assert received == []


QUERIES = [
    ("&key={}", ""),
    ("&a=1&key={}&b=2", "&a=1&b=2"),
    ("&token={0}&key={0}&key={0}&b=%20", "&b=%20"),
    ("&monkey=1&key={}&tokens=2", "&monkey=1&tokens=2"),
    ("&a={{env.HOME}}&key={}", "&a={env.HOME}"),
]


def test_tokens_in_the_query_go_no_further(caddy: Front, platform: Platform, received: list[Received]) -> None:
    token = platform.token
    for query, _ in QUERIES:
        assert caddy.call("GET", PROMPT + query.format(token)).status == 200
    many = f"/prompt/x?key={token}&key={token}&token={token}&key={token}&model=gpt-4o-mini"
    assert caddy.call("GET", many).status == 200
    assert [call.path for call in received] == [*(PROMPT + rest for _, rest in QUERIES), "/prompt/x"]
    assert caddy.call("GET", f"{PROMPT}&k%65y={token}").status == 400
    hidden = {"X-Api-Key": token, "Referer": f"http://a/?key={token}"}
    assert caddy.call("GET", PROMPT, hidden).status == 200
    assert token not in str(received)
    assert caddy.call("GET", "/last").status == 404
    log = caddy.logged(until="/last")
    assert '"/prompt/hello"' in log
    assert token[-27:] not in log


def test_no_body_passes_where_it_might_name_the_model(
    caddy: Front, bearer: dict[str, str], received: list[Received]
) -> None:
    chat = b'{"model": "gpt-4o-mini", "messages": []}'
    refused = caddy.call("POST", "/v1/chat/completions", bearer, chat)
    assert (refused.status, refused.error["code"]) == (413, "too_large")
    assert caddy.call("GET", PROMPT, bearer, chat).status == 413
    assert caddy.call("GET", PROMPT, bearer, iter([chat])).status in {413, 502, 503}
    assert all(call.length <= 1 for call in received)
    received.clear()
    upload = bytes(range(256)) * 8_000
    for body in (upload, iter([upload])):
        reply = caddy.call("POST", "/v1/audio/transcriptions", {**bearer, "Content-Type": "audio/wav"}, body)
        assert reply.status == 200, reply.body
    assert [call.length for call in received] == [len(upload)] * 2


def test_streams_and_websockets_pass(caddy: Front, bearer: dict[str, str]) -> None:
    streamed = caddy.call("GET", f"{PROMPT}&stream=true", bearer)
    assert (streamed.headers["content-type"], streamed.body.count(b"data: ")) == ("text/event-stream", 4)
    assert caddy.echoed(PROMPT, bearer) == b"ping"


def test_browsers_may_ask_beforehand(caddy: Front) -> None:
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Headers": "authorization"}
    reply = caddy.call("OPTIONS", PROMPT, asked)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (204, "*")
    assert reply.headers["access-control-allow-headers"] == "authorization"


def test_what_is_broken_is_nobodys_tokens_fault(
    broken: dict[str, Front], platform: Platform, bearer: dict[str, str], received: list[Received]
) -> None:
    reply = broken["key"].call("GET", PROMPT, bearer)
    assert (reply.status, reply.error["code"]) == (500, "gateway_unauthorized")
    reply = broken["trellis"].call("GET", f"{PROMPT}&key={platform.token}", bearer)
    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    reply = broken["trellis"].call("GET", "/v1/models", bearer)
    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    assert received == []
    reply = broken["models"].call("GET", f"{PROMPT}&key={platform.token}", bearer)
    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    for front in broken.values():
        assert platform.token[-27:] not in front.logged(until="prompt")
