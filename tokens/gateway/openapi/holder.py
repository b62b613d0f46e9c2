"""For the token's holder: `/v1/models`, `/v1/key`, `/v1/explain`."""

from typing import Any, Final

from tokens.gateway import decision, outlook
from tokens.gateway.openapi import native
from tokens.gateway.openapi.answers import Answers, answer, carried, errors
from tokens.gateway.openapi.asking import CALLERS_ORIGIN, HOLDER, LANGUAGE, NOBODY, body
from tokens.gateway.openapi.shapes import (
    PUBLIC_ID,
    Schema,
    boolean,
    fixed,
    integer,
    listed,
    moment,
    one_of,
    or_null,
    ref,
    text,
    thing,
)
from tokens.gateway.protocols.holder import MODELS
from tokens.gateway.reasons import REASONS

TAG: Final = {
    "name": "For a token's holder",
    "description": "Authenticated by the token itself; nothing is spent but a limit of its own, sixty a minute. "
    "A publishable token needs an allowed `Origin` here too, and is told less. Pages in a browser may read the "
    "answers, refusals too, from every origin and without a browser's credentials.",
}
OF_TOKEN: Final = (
    "token_malformed",
    "token_unknown",
    "token_revoked",
    "token_expired",
    "token_missing",
    "workspace_suspended",
    "application_suspended",
    "origin_not_allowed",
)
FAULTS: Final = ("invalid_ask", "ask_ambiguous", "rate_limited", "unavailable")
OF_BODY: Final = ("invalid_request", "invalid_json", "too_large", "unsupported_media_type")
_READABLE: Final = carried(Access_Control_Allow_Origin="Anyone", Access_Control_Expose_Headers="Exposed")
_ID: Final = _READABLE | carried(X_Request_Id="RequestId")
_PREFLIGHT: Final = carried(
    Access_Control_Allow_Origin="Anyone",
    Access_Control_Allow_Methods="MayMethods",
    Access_Control_Allow_Headers="MayHeaders",
    Access_Control_Max_Age="MaxAge",
)


def paths() -> dict[str, Any]:
    models = thing({"object": fixed("list"), "data": listed(ref("Model"))})
    return {
        MODELS: {
            "get": _read("listModels", "Every model that is served, with what opens it", models),
            "options": _preflight("listModels"),
        },
        f"{MODELS}/{{model}}": {"parameters": [_name()], "get": _one(), "options": _preflight("readModel")},
        "/v1/key": {
            "get": _read("readKey", "Tier, restrictions, limits and end of this token", ref("Key")),
            "options": _preflight("readKey"),
        },
        "/v1/explain": {"post": _explain(), "options": _preflight("explain")},
    }


def schemas() -> dict[str, Schema]:
    return {"Model": _model(), "Key": _key(), "Described": _described(), "Explanation": _explanation()}


def _read(operation: str, summary: str, schema: Schema, *, reasons: tuple[str, ...] = OF_TOKEN) -> dict[str, Any]:
    return {
        "operationId": operation,
        "tags": [TAG["name"]],
        "summary": summary,
        "security": HOLDER,
        "parameters": [CALLERS_ORIGIN, LANGUAGE],
        "responses": {"200": answer("What was asked for.", schema, headers=_ID), **_refused(reasons, FAULTS)},
    }


def _preflight(operation: str) -> dict[str, Any]:
    """Of no interest but to browsers."""
    return {
        "operationId": f"{operation}Preflight",
        "tags": [TAG["name"]],
        "summary": "What a page may send, asked by its browser",
        "security": NOBODY,
        "responses": {"200": answer("It may.", headers=_PREFLIGHT)},
    }


def _refused(reasons: tuple[str, ...], faults: tuple[str, ...]) -> Answers:
    return errors(reasons=reasons, faults=faults, headers=_ID | carried(X_Should_Retry="ShouldRetry"))


def _one() -> dict[str, Any]:
    summary = "One model, by its name or an alias"
    return _read("readModel", summary, ref("Model"), reasons=(*OF_TOKEN, "model_not_found"))


def _name() -> dict[str, Any]:
    """A name may have slashes in it, as they are or escaped."""
    return {"name": "model", "in": "path", "required": True, "schema": text(), "example": "gpt-4o-mini"}


def _model() -> Schema:
    opens = thing(
        {
            "tier": {"type": ["string", "null"], "description": "The lowest tier that opens it."},
            "by_approval": boolean("It opens by an approved access request alone."),
            "early_access_until": moment("Until then it opens to holders of early access."),
        },
        optional=("early_access_until",),
    )
    refusal = thing({"code": one_of(REASONS), "message": text(), "remedies": listed(ref("Remedy"))})
    properties = {
        "id": text(examples=["gpt-4o-mini"]),
        "object": fixed("model"),
        "created": integer("Unknown, and 0; OpenAI's clients want it."),
        "owned_by": text(),
        "aliases": listed(text()),
        "operations": listed(text()),
        "endpoints": listed(text("Method and path.")),
        "opens": opens,
        "callable": boolean("Whether this token may call it now."),
        "refusal": refusal,
        "granted_by": or_null(ref("GrantedBy")),
    }
    return thing(properties, optional=("refusal", "granted_by"))


def _key() -> Schema:
    limit = thing(
        {
            "limit": {"type": ["integer", "null"]},
            "remaining": integer("Not there while it is not known, nor of calls at once.", minimum=0),
            "reset": integer("Seconds until all of it is there again.", minimum=0),
        },
        optional=("remaining", "reset"),
    )
    end: Schema = {"type": ["string", "null"], "format": "date-time"}
    names = ("models", "operations", "permissions", "addresses", "origins")
    properties = {
        "object": fixed("key"),
        "id": text("The token's public id.", pattern=PUBLIC_ID),
        "kind": one_of(["secret", "publishable"]),
        "application": text(),
        "tier": text(),
        "tier_until": end,
        "expires_at": end,
        "rights_version": integer(minimum=0),
        "restrictions": thing({name: listed(text()) for name in names}, about="Empty lists restrict nothing."),
        "limits": {"type": "object", "additionalProperties": limit},
        "workspace": text("Not told to publishable tokens.", pattern=PUBLIC_ID),
    }
    return thing(properties, optional=("workspace",))


def _described() -> Schema:
    ask = native.schemas()["Ask"]["properties"]
    properties = {
        name: ask[name] for name in ("endpoint", "model", "method", "origin", "ip", "permission", "request_id")
    }
    return thing(properties, optional=[name for name in properties if name != "endpoint"])


def _explanation() -> Schema:
    check = thing(
        {
            "check": one_of([*(check.__name__ for check in decision.CHECKS), outlook.RATE, outlook.ALLOWANCE]),
            "passed": boolean(),
            "refusals": listed(ref("Also")),
        }
    )
    trace = {"checks": listed(check, "What each check found, in their order.")}
    return {"allOf": [ref("Decision"), thing(trace)]}


def _explain() -> dict[str, Any]:
    described = {"model": "gpt-4o", "endpoint": "/v1/chat/completions"}
    return {
        "operationId": "explain",
        "tags": [TAG["name"]],
        "summary": "Which decision such a call would get, and why",
        "description": "The decision that this token would get, with what each check found. Nothing is spent.",
        "security": HOLDER,
        "parameters": [CALLERS_ORIGIN, LANGUAGE],
        "requestBody": body(ref("Described"), refused=described),
        "responses": {
            "200": answer("The decision and its trace.", ref("Explanation"), headers=_ID),
            **_refused(OF_TOKEN, (*FAULTS, *OF_BODY)),
        },
    }
