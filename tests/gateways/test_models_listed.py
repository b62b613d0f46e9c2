"""`client.models.list()` through every shipped configuration: Trellis itself says what the token opens."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import openai
import pytest

from tests.fixtures import proxies
from tests.fixtures.upstream import Received
from tests.gateways.conftest import Platform
from tests.gateways.edges import Front

pytestmark = [pytest.mark.server, pytest.mark.django_db]
NGINX = ("nginx-accel.conf", "nginx-auth-request.conf")
PROGRAMS = {"caddy": proxies.caddy, "envoy": proxies.envoy, "traefik": proxies.traefik}


@pytest.fixture(scope="module")
def fronts(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Front]]:
    """Both configurations of nginx are in one nginx. No key of a gateway is needed."""
    with ExitStack() as running:
        folder = tmp_path_factory.mktemp("nginx")
        ports = running.enter_context(proxies.nginx_of(folder, NGINX, platform.places))
        found = {name: Front(port, folder) for name, port in zip(NGINX, ports, strict=True)}
        for kind, program in PROGRAMS.items():
            folder = tmp_path_factory.mktemp(kind)
            found[kind] = Front(running.enter_context(program(folder, platform.places)), folder)
        yield found


@pytest.fixture(params=[*NGINX, *PROGRAMS])
def front(fronts: dict[str, Front], request: pytest.FixtureRequest) -> Front:
    return fronts[str(request.param)]


def test_the_official_client_lists_what_its_token_opens(
    front: Front, platform: Platform, bearer: dict[str, str], received: list[Received]
) -> None:
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{front.port}/v1", api_key=platform.token, max_retries=0)
    listed = httpx.get(f"http://{platform.trellis}/v1/models", headers=bearer, timeout=90).json()["data"]
    found = {one.id: one for one in client.models.list()}
    assert list(found) == [one["id"] for one in listed]
    assert (found["gpt-4o-mini"].callable, found["gpt-4o"].callable) == (True, False)  # type: ignore[attr-defined]
    assert client.models.retrieve("gpt-4o-mini").id == "gpt-4o-mini"
    with pytest.raises(openai.NotFoundError) as unknown:
        client.models.retrieve("nothing")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError) as malformed:
        client.with_options(api_key="trl_sk_x").models.list()
    assert malformed.value.code == "token_malformed"
    assert received == []


def test_pages_of_browsers_may_read_the_list(front: Front, bearer: dict[str, str], received: list[Received]) -> None:
    address = f"http://127.0.0.1:{front.port}/v1/models"
    with httpx.Client(headers={**bearer, "Origin": "https://app.example.com", "Cookie": "a=b"}, timeout=90) as client:
        for reply in (client.get(address), client.get(f"{address}/nothing")):
            assert reply.headers.get_list("Access-Control-Allow-Origin") == ["*"]
            assert len(reply.headers.get_list("Access-Control-Expose-Headers")) == 1
        head = client.head(address)
        assert (head.status_code, head.content) == (200, b"")
        asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
        assert client.options(address, headers=asked).status_code in {200, 204}
    assert received == []


def test_a_token_in_the_query_is_in_no_log(fronts: dict[str, Front], platform: Platform) -> None:
    for kind, front in fronts.items():
        reply = front.call("GET", f"/v1/models?key={platform.token}", {"Accept-Language": "en"})
        assert reply.status == (400 if kind == "traefik" else 200), kind
        front.call("GET", "/v1/models/last")
        assert platform.token[-27:] not in front.logged(until=":401" if kind == "traefik" else "/v1/models/last")


@pytest.mark.parametrize(
    "target",
    [
        *(
            "/accounts/login/../../v1/models",
            "/v1/models/../../accounts/login/",
            "/v1/models/%2e%2e/%2e%2e/accounts/login/",
        ),
        *(
            "/v1/models/..%2f..%2faccounts%2flogin%2f",
            "//accounts/login/",
            "/v1/models/",
            "/v1/modelsx",
            "/v1/models%3F/x",
        ),
    ],
)
def test_nothing_else_of_trellis_is_reached(
    front: Front, bearer: dict[str, str], received: list[Received], target: str
) -> None:
    reply = front.call("GET", target, bearer)
    assert reply.status >= 400 or json.loads(reply.body)["object"] == "list"
    assert received == []


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_only_reading_is_trellis_own(
    front: Front, bearer: dict[str, str], received: list[Received], method: str
) -> None:
    """Without a key of a gateway's nothing can be decided, so whoever is asked is told here."""
    assert front.call(method, "/v1/models", bearer).status in {500, 503}
    assert received == []
