"""What is sent: credentials, headers and bodies that several operations share."""

from typing import Any, Final

from tokens.gateway.http import JSON
from tokens.gateway.openapi.shapes import Schema, text

Security = list[dict[str, list[str]]]
GATEWAY: Final[Security] = [{"gatewayKey": []}]
HOLDER: Final[Security] = [{"token": []}, {"tokenHeader": []}, {"tokenQuery": []}, {"keyQuery": []}]
NOBODY: Final[Security] = []
LANGUAGE: Final = {"$ref": "#/components/parameters/Language"}
CALLERS_ORIGIN: Final = {"$ref": "#/components/parameters/Origin"}

# What examples are written with. A reader, and our tests, put their own in place.
TOKEN: Final = "$TOKEN"  # noqa: S105 (a place for one)
GATEWAY_KEY: Final = "$GATEWAY_KEY"


def security_schemes() -> dict[str, Any]:
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "gatewayKey": bearer | {"description": "The gateway's own key, `trl_gw_…`, from the page Gateways."},
        "token": bearer | {"description": "The caller's token, `trl_sk_…` or `trl_pk_…`."},
        "tokenHeader": _key("header", "x-api-key", "The same."),
        "tokenQuery": _key("query", "token", "The same; of a secret token only where its application allows that."),
        "keyQuery": _key("query", "key", "The same."),
    }


def _key(place: str, name: str, about: str) -> dict[str, str]:
    return {"type": "apiKey", "in": place, "name": name, "description": about}


def parameters() -> dict[str, Any]:
    return {
        "Language": header("Accept-Language", "The language of messages: `en` or `zh-hans`.", text(), "zh-hans"),
        "Origin": header("Origin", "A browser sends it. A publishable token needs an allowed one.", text()),
        "RequestId": header("X-Request-ID", "Comes back in the answer.", text(), "bfe9eb29-ab87"),
    }


def header(name: str, about: str, schema: Schema, example: str | None = None) -> dict[str, Any]:
    found = {"name": name, "in": "header", "description": about, "schema": schema}
    return found if example is None else {**found, "example": example}


def body(schema: Schema, *, media: str = JSON, **examples: Any) -> dict[str, Any]:
    """A body that must be sent, with examples by name."""
    named = {name: {"value": value} for name, value in examples.items()}
    return {"required": True, "content": {media: {"schema": schema, "examples": named}}}
