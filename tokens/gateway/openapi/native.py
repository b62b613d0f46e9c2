"""`POST /v1/decisions`."""

from typing import Any, Final

from tokens.gateway.openapi.answers import ALWAYS, answer, problems
from tokens.gateway.openapi.asking import GATEWAY, LANGUAGE, TOKEN, body
from tokens.gateway.openapi.schemas import example_decision
from tokens.gateway.openapi.shapes import Schema, ref, text, thing
from tokens.gateway.protocols.native import MAX_COST, PERMISSIONS

TAG: Final = {
    "name": "Decisions",
    "description": "A gateway's question, and the whole answer. Every other protocol answers from the same decision.",
}
FAULTS: Final = (
    "invalid_request",
    "invalid_json",
    "invalid_ask",
    "ask_ambiguous",
    "gateway_unauthorized",
    "version_ahead",
    "too_large",
    "unsupported_media_type",
    "unavailable",
)


def paths() -> dict[str, Any]:
    return {"/v1/decisions": {"post": _decide()}}


def schemas() -> dict[str, Schema]:
    return {"Ask": _ask()}


def fields() -> dict[str, Schema]:
    """What a native ask and AuthZEN's context have in common."""
    return {
        "origin": _maybe_text("The caller's `Origin` header, where it sent one.", examples=["https://app.example.com"]),
        "ip": {
            "description": "The caller's address, without a port.",
            "anyOf": [text(format="ipv4"), text(format="ipv6"), {"type": "null"}],
            "examples": ["192.0.2.7"],
        },
        "permission": {
            "description": "What the token must be allowed; `generate` where it is left out.",
            "enum": [*PERMISSIONS, None],
        },
        "cost": {
            "type": ["number", "null"],
            "description": "How many calls this one counts as; 1 where it is left out.",
            "exclusiveMinimum": 0,
            "maximum": MAX_COST,
        },
    }


def _maybe_text(about: str, **more: Any) -> Schema:
    return {"type": ["string", "null"], "description": about, **more}


def _ask() -> Schema:
    properties = {
        "endpoint": text(
            "The path that the caller called, still percent-encoded, with its query where it has one.",
            examples=["/v1/chat/completions"],
        ),
        "token": _maybe_text("The caller's token as it was sent; left out where it sent none."),
        "model": _maybe_text("The model that the call names.", examples=["gpt-4o-mini"]),
        "method": _maybe_text("The method of the call; POST where it is left out.", examples=["POST"]),
        **fields(),
        "at_least": {
            "type": ["integer", "null"],
            "description": "A rights version that the answer must not be older than.",
            "minimum": 0,
        },
        "request_id": {
            "description": "The gateway's own name of the call. One of another form than `[A-Za-z0-9_-]{1,64}` is "
            "replaced. Asked again within five minutes, it takes no second free try."
        },
    }
    optional = [name for name in properties if name != "endpoint"]
    return thing(properties, optional=optional, about="What a gateway wants to know. Unknown fields are ignored.")


def _decide() -> dict[str, Any]:
    return {
        "operationId": "decide",
        "tags": [TAG["name"]],
        "summary": "May this token make this call now?",
        "description": "The answer is 200 whenever the ask was understood: `status` is what to answer the caller. An "
        "allowed call is counted, so ask once for each. At most 64 KiB, 16 deep.",
        "security": GATEWAY,
        "parameters": [LANGUAGE],
        "requestBody": body(ref("Ask"), chat=_chat(), refused=_chat() | {"model": "gpt-4o"}),
        "responses": {
            "200": answer("The decision.", ref("Decision"), examples=_answers(), headers=ALWAYS),
            **problems(*FAULTS),
        },
    }


def _chat() -> dict[str, Any]:
    return {"token": TOKEN, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions", "ip": "192.0.2.7"}


def _answers() -> dict[str, Any]:
    refused = example_decision(
        allow=False,
        status=402,
        code="tier_required",
        type="insufficient_access",
        param="model",
        message="gpt-4o opens to the flower tier; this application stands on seed. Apply for the flower tier.",
        remedies=[
            {
                "kind": "apply",
                "label": "Apply for the flower tier",
                "href": "https://access.example.com/requests/new/?tier=flower",
            }
        ],
        granted_by=...,
    )
    return {"allowed": example_decision(), "refused": refused}
