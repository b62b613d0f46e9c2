"""RFC 7662, `POST /oauth2/introspect`."""

from typing import Any, Final

from tokens.gateway.openapi.answers import answer, problems
from tokens.gateway.openapi.asking import LANGUAGE, TOKEN, Security, body
from tokens.gateway.openapi.shapes import PUBLIC_ID, Schema, fixed, integer, one_of, text, thing
from tokens.gateway.protocols.introspection import FORM

TAG: Final = {
    "name": "Introspection",
    "description": "OAuth 2.0 token introspection, RFC 7662. Of a token that is not good nothing is told but that.",
}
FAULTS: Final = ("invalid_request", "gateway_unauthorized", "too_large", "unsupported_media_type", "unavailable")
CLIENT: Final[Security] = [{"gatewayKey": []}, {"gatewayClient": []}]


def paths() -> dict[str, Any]:
    return {"/oauth2/introspect": {"post": _introspect()}}


def security_schemes() -> dict[str, Any]:
    about = "As OAuth clients authenticate: any client id, and the gateway's own key as the client secret."
    return {"gatewayClient": {"type": "http", "scheme": "basic", "description": about}}


def _introspect() -> dict[str, Any]:
    found = {"oneOf": [_active(), thing({"active": fixed(False)}, about="Not one that is good now.")]}
    sent = thing({"token": text(), "token_type_hint": text("Ignored.")}, optional=("token_type_hint",))
    return {
        "operationId": "introspect",
        "tags": [TAG["name"]],
        "summary": "Whose token is this, and is it good?",
        "description": "Needs a gateway key with the scope *introspect*. It does not know which call is made, so it "
        "cannot refuse one.",
        "security": CLIENT,
        "parameters": [LANGUAGE],
        "requestBody": body(sent, media=FORM, token={"token": TOKEN}),
        "responses": {"200": answer("What the token is.", found, examples=_examples()), **_problems()},
    }


def _problems() -> dict[str, Any]:
    """With RFC 6749's `error` and `error_description`, which OAuth clients read."""
    found = problems(*FAULTS)
    known = {"error": text("As RFC 6749 names it."), "error_description": text()}
    for one in found.values():
        (media,) = one["content"].values()
        media["schema"]["allOf"].append(thing(known))
    return found


def _active() -> Schema:
    properties = {
        "active": fixed(True),
        "scope": text("Slugs of the operations that the token may do at most, with blanks between."),
        "client_id": text("The application's public id.", pattern=PUBLIC_ID),
        "sub": text("The workspace's public id.", pattern=PUBLIC_ID),
        "jti": text("The token's public id.", pattern=PUBLIC_ID),
        "iss": text(format="uri"),
        "token_type": fixed("Bearer"),
        "token_kind": one_of(["secret", "publishable"]),
        "application": text("The application's slug."),
        "tier": text("The tier's slug."),
        "rights_version": integer(minimum=0),
        "exp": integer("When it ends, in seconds since 1970; not there where it has no end."),
    }
    return thing(properties, optional=("exp",), about="A good token.")


def _examples() -> dict[str, Any]:
    good = {
        "active": True,
        "scope": "chat_completion response",
        "client_id": "4r7m2c8k1x9p",
        "sub": "8f3k2m9x4c7a",
        "jti": "2c9k4x7m1r8p",
        "iss": "https://access.example.com",
        "token_type": "Bearer",
        "token_kind": "secret",
        "application": "lantern",
        "tier": "seed",
        "rights_version": 17,
    }
    return {"good": good, "other": {"active": False}}
