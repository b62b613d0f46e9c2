"""`POST /v1/usage/reserve`, `/settle` and `/cancel`."""

from typing import Any, Final

from tokens.gateway.openapi import native
from tokens.gateway.openapi.answers import ALWAYS, answer, problems
from tokens.gateway.openapi.asking import GATEWAY, LANGUAGE, TOKEN, body
from tokens.gateway.openapi.schemas import example_decision
from tokens.gateway.openapi.shapes import REQUEST_ID, Schema, fixed, moment, or_null, ref, text, thing
from tokens.gateway.protocols.native import MAX_COST
from tokens.gateway.protocols.reservations import DEFAULT_SECONDS, MOST_SECONDS

TAG: Final = {
    "name": "Costs known afterwards",
    "description": "Reserve what a call may cost, settle what it has cost. All three are safe to send again.",
}
_NAME: Final = "call_0193f1"
_LATER: Final = ("reservation_settled", "reservation_cancelled", "unavailable")


def paths() -> dict[str, Any]:
    return {
        "/v1/usage/reserve": {"post": _reserve()},
        "/v1/usage/settle": {"post": _settle()},
        "/v1/usage/cancel": {"post": _cancel()},
    }


def schemas() -> dict[str, Schema]:
    return {
        "ReservingAsk": _reserving(),
        "Reservation": _reservation(),
        "Reserved": _reserved(),
        "Settling": _settling(),
        "Settled": thing({"request_id": _request_id(), "state": fixed("settled"), "cost": _cost(0)}),
        "Cancelling": _cancelling(),
        "Cancelled": thing({"request_id": _request_id(), "state": fixed("cancelled")}),
    }


def _request_id() -> Schema:
    return text("The gateway's own name of the call. What is sent again under it happens once.", pattern=REQUEST_ID)


def _cost(least: int) -> Schema:
    return {
        "type": "number",
        "description": "In calls, before the model's price.",
        "minimum": least,
        "maximum": MAX_COST,
    }


def _ask() -> dict[str, Schema]:
    properties: dict[str, Schema] = native.schemas()["Ask"]["properties"]
    return properties


def _reserving() -> Schema:
    required = {
        "request_id": _request_id(),
        "endpoint": _ask()["endpoint"],
        "cost": native.fields()["cost"]
        | {"type": "number", "description": "What the call will cost, as far as is known, in calls."},
    }
    optional = {name: schema for name, schema in _ask().items() if name not in required}
    optional["expires_in"] = {
        "type": ["integer", "null"],
        "description": f"For how many seconds; {DEFAULT_SECONDS} where it is left out.",
        "minimum": 1,
        "maximum": MOST_SECONDS,
    }
    about = "An ask as in `POST /v1/decisions`, of a call whose cost is an estimate."
    return thing(required | optional, optional=optional, about=about)


def _reservation() -> Schema:
    properties = {"request_id": _request_id(), "cost": _cost(0), "expires_at": moment("It ends then by itself.")}
    return thing(properties, about="What is held until it is settled or cancelled.")


def _reserved() -> Schema:
    about = "Null where nothing is held: the call is refused, or `flags` says what was away."
    held = or_null(ref("Reservation")) | {"description": about}
    return {"allOf": [ref("Decision"), {"properties": {"reservation": held}, "required": ["reservation"]}]}


def _settling() -> Schema:
    optional = {name: _ask()[name] for name in ("token", "model", "method")}
    optional["endpoint"] = {"type": ["string", "null"], "description": "The path that the caller called."}
    about = (
        "With `token`, a call of which no reservation is known is counted as usage, once, by `model` and `endpoint`. "
        "Of one that is known, these are ignored."
    )
    return thing({"request_id": _request_id(), "cost": _cost(0), **optional}, optional=optional, about=about)


def _cancelling() -> Schema:
    optional = {"token": _ask()["token"]}
    about = "With `token`, a reservation that is still on its way is cancelled too."
    return thing({"request_id": _request_id(), **optional}, optional=optional, about=about)


def _reserve() -> dict[str, Any]:
    example = example_decision(
        request_id=_NAME,
        limits={"requests_per_day": {"limit": 100, "remaining": 76, "reset": 43200}},
        reservation={"request_id": _NAME, "cost": 4, "expires_at": "2026-11-22T12:05:00Z"},
    )
    return _operation(
        "reserve",
        "May this token make this call, of about this cost?",
        "Decides as `POST /v1/decisions` does, and holds the cost and one of the calls at once.",
        {
            "requestBody": body(ref("ReservingAsk"), chat=_chat() | {"cost": 4}),
            "responses": {
                "200": answer("The decision.", ref("Reserved"), examples={"held": example}, headers=ALWAYS),
                **problems(*native.FAULTS, "request_id_reused", *_LATER[:2], "reservation_expired"),
            },
        },
    )


def _chat() -> dict[str, Any]:
    return {"request_id": _NAME, "token": TOKEN, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions"}


def _faults() -> list[str]:
    found = [code for code in native.FAULTS if code not in {"version_ahead", *_LATER}]
    return [*found, "reservation_unknown", *_LATER]


def _settle() -> dict[str, Any]:
    settled = {"request_id": _NAME, "state": "settled", "cost": 2.5}
    return _operation(
        "settle",
        "The call has cost this",
        "Spends the true cost instead of the estimate, though it be more than is left, and ends the reservation.",
        {
            "requestBody": body(ref("Settling"), settled=_chat() | {"cost": 2.5}),
            "responses": {"200": answer("It is spent.", ref("Settled"), example=settled), **problems(*_faults())},
        },
    )


def _cancel() -> dict[str, Any]:
    cancelled = {"request_id": _NAME, "state": "cancelled"}
    return _operation(
        "cancel",
        "The call was not made",
        "Gives back all that was held, and ends the reservation.",
        {
            "requestBody": body(ref("Cancelling"), cancelled={"request_id": _NAME, "token": TOKEN}),
            "responses": {
                "200": answer("It is given back.", ref("Cancelled"), example=cancelled),
                **problems(*_faults()),
            },
        },
    )


def _operation(name: str, summary: str, about: str, rest: dict[str, Any]) -> dict[str, Any]:
    told = {"operationId": name, "tags": [TAG["name"]], "summary": summary, "description": about}
    return {**told, "security": GATEWAY, "parameters": [LANGUAGE], **rest}
