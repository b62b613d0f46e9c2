"""Pages may ask of a publishable token from a browser: the preflight, and answers that a script may read."""

import pytest

from tests import factories
from tests.tokens.gateway.calls import Reply, call
from tokens.actions.applications import add_domain
from tokens.actions.tokens import Minted
from tokens.gateway import holder_limit

HOME = "https://app.example.com"
PATHS = {
    "/v1/models": "GET, HEAD",
    "/v1/models/gpt-4o-mini": "GET, HEAD",
    "/v1/key": "GET, HEAD",
    "/v1/explain": "POST",
}


def preflight(path: str, headers: str = "authorization,x-stainless-lang") -> Reply:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": headers}
    return call("OPTIONS", path, headers={"Origin": HOME, **asked})


@pytest.fixture
def publishable(seed: Minted) -> str:
    application = seed.token.application
    add_domain(application=application, host="app.example.com", by=application.created_by)
    return factories.token(application, kind="publishable").text


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "methods"), PATHS.items())
def test_a_preflight_needs_no_token(path: str, methods: str) -> None:
    reply = preflight(path)
    assert (reply.status, reply.body) == (200, b"")
    told = {name.removeprefix("access-control-"): value for name, value in reply.headers.items() if "access" in name}
    assert told == {
        "allow-origin": "*",
        "allow-methods": methods,
        "allow-headers": "authorization,x-stainless-lang",
        "max-age": "600",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("headers", ["", "a b", "x" * 3000, "authorization,", "é"])
def test_what_names_no_headers_is_not_repeated(headers: str) -> None:
    told = preflight("/v1/key", headers).headers["access-control-allow-headers"]
    assert told == "Authorization, X-Api-Key, Content-Type"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/v1/decisions", "/oauth2/introspect", "/access/v1/evaluation"])
def test_what_gateways_ask_is_not_for_pages(path: str) -> None:
    reply = preflight(path)
    assert (reply.status, "access-control-allow-origin" in reply.headers) == (405, False)


@pytest.mark.parametrize(("origin", "status"), [(HOME, 200), ("https://evil.example", 403)])
def test_a_page_reads_the_answer_and_the_refusal(publishable: str, origin: str, status: int) -> None:
    reply = call("GET", "/v1/key", headers={"Authorization": f"Bearer {publishable}", "Origin": origin})
    assert reply.status == status
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in reply.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in reply.headers
    assert status == 200 or reply.error["code"] == "origin_not_allowed"


def test_a_page_reads_that_it_has_to_wait(publishable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder_limit, "A_MINUTE", 0)
    reply = call("GET", "/v1/key", headers={"Authorization": f"Bearer {publishable}", "Origin": HOME})
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (429, "*")
