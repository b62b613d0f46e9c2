"""Whether the process answers, and whether it has what it needs; and this document."""

from typing import Any, Final

from tokens.gateway.openapi.answers import answer, errors
from tokens.gateway.openapi.asking import NOBODY
from tokens.gateway.openapi.shapes import Schema, fixed, listed, one_of, text, thing

TAG: Final = {"name": "Operations", "description": "For those who run Trellis."}
NEEDS: Final = ("postgresql", "redis", "migrations")
DOCUMENT: Final = "/openapi.json"


def paths() -> dict[str, Any]:
    return {
        "/healthz": {"get": _healthz()},
        "/readyz": {"get": _readyz()},
        "/metrics": {"get": _metrics()},
        DOCUMENT: {"get": _document()},
    }


def _get(operation: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    found = {"operationId": operation, "tags": [TAG["name"]], "summary": summary, "security": NOBODY}
    return found | {"responses": responses}


def _healthz() -> dict[str, Any]:
    return _get("healthz", "Does this process answer?", {"200": answer("It does.", thing({"status": fixed("ok")}))})


def _readyz() -> dict[str, Any]:
    there, not_there = _checks("ok"), _checks("not ready")
    return _get(
        "readyz",
        "Is all there that it needs?",
        {"200": answer("All of it.", there), "503": answer("What `missing` lists is not.", not_there)},
    )


def _checks(status: str) -> Schema:
    """Migrations cannot be told while PostgreSQL is away."""
    each = {name: one_of(["ok", "missing"]) for name in NEEDS}
    return thing(
        {
            "status": fixed(status),
            "missing": listed(one_of(NEEDS)),
            "checks": thing(each, optional=("migrations",)),
        }
    )


def _metrics() -> dict[str, Any]:
    """Either form of Prometheus, by `Accept`."""
    media = {"schema": text()}
    found = {"description": "Figures.", "content": {"text/plain": media, "application/openmetrics-text": media}}
    refused = errors(reasons=(), faults=("metrics_unauthorized", "metrics_local_only"))
    return _get("metrics", "Figures for Prometheus", {"200": found, **refused}) | {
        "description": "With METRICS_TOKEN they are for who has it; else for the server's own machine alone.",
        "security": [{"metricsToken": []}, {}],
    }


def security_schemes() -> dict[str, Any]:
    return {"metricsToken": {"type": "http", "scheme": "bearer", "description": "METRICS_TOKEN, where it is set."}}


def _document() -> dict[str, Any]:
    found = answer("OpenAPI 3.1.", {"type": "object"}, headers={"ETag": {"schema": text(), "required": True}})
    return _get("openapi", "This document", {"200": found, "304": {"description": "As it was: `If-None-Match`."}})
