"""The whole document, put together from its parts; and its bytes, as they are served."""

import hashlib
import json
from functools import cache
from types import ModuleType
from typing import Any, Final

from django.conf import settings

from tokens.gateway.http import Answer, Call
from tokens.gateway.openapi import (
    answers,
    asking,
    authzen,
    forward_auth,
    health,
    holder,
    introspection,
    native,
    reservations,
    schemas,
    webhooks,
)

VERSION: Final = "1.0.0"
# In the order in which they are shown. A protocol more is one more file here.
PARTS: Final[tuple[ModuleType, ...]] = (
    native,
    reservations,
    forward_auth,
    authzen,
    introspection,
    holder,
    webhooks,
    health,
)
MAX_AGE: Final = 300  # seconds
_ABOUT: Final = """Trellis decides whether a token may make a call, and tells everyone concerned why.

A gateway authenticates with its own key, a token's holder with the token. Unknown fields of a request are ignored, and
answers may get more. Times are RFC 3339 in UTC. Methods that an address does not take are 405, with `Allow`."""


def document() -> dict[str, Any]:
    """Composed anew at each call, so that nobody changes what another is given."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trellis", "version": VERSION, "description": _ABOUT, "license": _license()},
        "servers": [{"url": settings.SITE_URL}],
        "tags": [part.TAG for part in PARTS],
        "paths": {path: _with_head(item) for part in PARTS for path, item in part.paths().items()},
        "components": {
            "schemas": {name: schema for part in (schemas, *PARTS) for name, schema in _schemas(part).items()},
            "parameters": asking.parameters(),
            "headers": answers.headers(),
            "responses": forward_auth.responses(),
            "securitySchemes": {
                **asking.security_schemes(),
                **introspection.security_schemes(),
                **health.security_schemes(),
            },
        },
    }


def _license() -> dict[str, str]:
    return {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _schemas(part: ModuleType) -> dict[str, Any]:
    """A protocol without schemas of its own has no such function."""
    found: dict[str, Any] = part.schemas() if hasattr(part, "schemas") else {}
    return found


def _with_head(item: dict[str, Any]) -> dict[str, Any]:
    """Whatever is read by GET answers HEAD too, without a body."""
    if "get" not in item or "head" in item:
        return item
    get = item["get"]
    responses = {
        status: {name: value for name, value in one.items() if name != "content"}
        for status, one in get["responses"].items()
    }
    return {**item, "head": {**get, "operationId": f"{get['operationId']}Head", "responses": responses}}


@cache
def _served(site: str) -> tuple[bytes, str]:
    """The bytes and their tag; what they depend on besides the code is the site's address."""
    body = json.dumps(document(), separators=(",", ":"), sort_keys=False).encode("ascii")
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def openapi_json(call: Call) -> Answer:
    body, tag = _served(settings.SITE_URL)
    headers = (("ETag", tag), ("Access-Control-Allow-Origin", "*"))
    kept = {one.strip().removeprefix("W/") for one in (call.header("If-None-Match") or "").split(",")}
    cache_control = f"public, max-age={MAX_AGE}"
    if tag in kept or "*" in kept:
        return Answer(304, headers=headers, cache_control=cache_control)
    return Answer(200, body, headers=headers, cache_control=cache_control)
