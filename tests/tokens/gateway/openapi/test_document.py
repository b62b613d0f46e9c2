"""The document is OpenAPI 3.1, has every route and no other, and takes codes from the code's tables."""

import ast
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.guards.sources import sources
from tests.tokens.gateway.calls import call
from tiers.payments import BadSignature
from tokens.gateway import wsgi
from tokens.gateway.faults import FAULTS
from tokens.gateway.openapi import webhooks
from tokens.gateway.openapi.document import document
from tokens.gateway.protocols import forwarded
from tokens.gateway.reasons import REASONS, REMEDY_KINDS
from tokens.secret_scanning import KeysAway

DOCUMENT = document()


def test_it_is_openapi() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_has_every_route_of_the_gateway_with_its_methods_and_no_other() -> None:
    served = {path: {method.lower() for method in methods} for path, (methods, _handler) in wsgi.ROUTES.items()}
    served[f"{wsgi.ONE_MODEL}{{model}}"] = served.pop(wsgi.ONE_MODEL)
    told = {
        path: {method for method in item if method != "parameters"}
        for path, item in DOCUMENT["paths"].items()
        if not path.startswith(("/webhooks/", forwarded.PREFIX))
    }
    assert told == served


def test_it_has_every_webhook() -> None:
    def addresses(resolver: URLResolver, prefix: str) -> set[str]:
        found = set()
        for entry in resolver.url_patterns:
            path = f"{prefix}{entry.pattern}"
            found |= {path} if isinstance(entry, URLPattern) else addresses(entry, path)
        return found

    served = {path.replace("<slug:", "{").replace(">", "}") for path in addresses(get_resolver(), "/")}
    served = {path for path in served if path.startswith("/webhooks/")} - {"/webhooks/sandbox"}
    assert served == {path for path in DOCUMENT["paths"] if path.startswith("/webhooks/")}


def test_operations_have_ids_of_their_own() -> None:
    ids = [operation["operationId"] for item in DOCUMENT["paths"].values() for operation in _operations(item)]
    assert len(ids) == len(set(ids))


def _operations(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for name, one in item.items() if name != "parameters"]


def test_every_reason_and_remedy_is_there() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Refusal"]["properties"]["code"]["enum"] == list(REASONS)
    assert schemas["Remedy"]["properties"]["kind"]["enum"] == list(REMEDY_KINDS)
    refusals = [code for name in DOCUMENT["components"]["responses"] for code in _codes_of(name)]
    assert set(REASONS) <= set(refusals)


def _codes_of(name: str) -> list[str]:
    content = DOCUMENT["components"]["responses"][name].get("content")
    if content is None:
        return []
    narrowed = content["application/json"]["schema"]["allOf"][1]
    return list(narrowed["properties"]["error"]["properties"]["code"]["enum"])


def raised() -> set[tuple[int, str]]:
    """Every `Fault(status, code, …)` in the source. A status that is no literal is counted as 0."""
    return {
        (status.value if isinstance(status, ast.Constant) else 0, code.value)
        for source in sources("tokens")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault"
        for status, code in [node.args[:2]]
        if isinstance(code, ast.Constant)
    }


def test_the_table_of_faults_is_what_is_raised() -> None:
    assert {code for _status, code in raised()} == set(FAULTS)
    wrong = [(status, code) for status, code in raised() if status and status not in FAULTS[code].statuses]
    assert wrong == []


def test_the_refusals_of_webhooks_are_what_the_views_answer() -> None:
    found = {
        (node.args[0].value, node.args[1].value)
        for source in sources("tiers", "tokens")
        if source.path.endswith(("views/webhooks.py", "views/issue_webhook.py"))
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "refused"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[1], ast.Constant)
    }
    found |= {(error.status, error.code) for error in (BadSignature, KeysAway)}
    assert found == {(status, code) for status, codes in webhooks.REFUSALS.items() for code in codes}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_it_is_served_to_everybody_and_kept(method: str) -> None:
    reply = call(method, "/openapi.json")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.headers["cache-control"] == "public, max-age=300"
    assert method == "HEAD" or reply.json == document()
    for known in (reply.headers["etag"], f'"other", W/{reply.headers["etag"]}'):
        again = call(method, "/openapi.json", headers={"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
    assert call(method, "/openapi.json", headers={"If-None-Match": '"other"'}).status == 200


@pytest.mark.django_db
def test_a_method_that_cannot_be_told_is_refused() -> None:
    for path in (forwarded.PREFIX, f"{forwarded.PREFIX}/v1/x", "/v1/key"):
        reply = call("QUERY", path)
        assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")
        assert {method.strip().lower() for method in reply.headers["allow"].split(",")} >= {"get", "head"}
