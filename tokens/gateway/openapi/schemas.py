"""What several protocols have in common: a decision, a refusal, a remedy, an error. Codes, statuses, types and kinds
are those of the code's own tables."""

from collections.abc import Iterable
from typing import Any, Final

from tokens.gateway.faults import FAULTS
from tokens.gateway.openapi.shapes import (
    PUBLIC_ID,
    REQUEST_ID,
    Schema,
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
from tokens.gateway.reasons import REASONS, REMEDY_KINDS, TYPE_OF_STATUS

REFUSED: Final = "Refusal"
_EXAMPLE_ID: Final = "8f3k2m9x4c7a"


def schemas() -> dict[str, Schema]:
    return {
        "Decision": _decision(),
        "Allowed": _allowed(),
        REFUSED: _refusal(),
        "Remedy": _remedy(),
        "Also": _also(),
        "GrantedBy": _granted_by(),
        "Limit": _limit(),
        "Error": _error(),
        "Problem": _problem(),
    }


def _decision() -> Schema:
    return {
        "description": "May this token make this call now? `allow` tells; nothing else needs to be read for that.",
        "oneOf": [ref("Allowed"), ref(REFUSED)],
    }


def _common(*, nobody_known: str) -> dict[str, Schema]:
    return {
        "message": text("For people, in the language asked for."),
        "also": listed(ref("Also"), "What would refuse next, in the order of the checks."),
        "request_id": request_id(),
        "rights_version": {
            "type": ["integer", "null"],
            "description": f"The rights version that the decision rests on; null {nobody_known}.",
            "minimum": 0,
        },
        "evaluated_at": moment("The instant it was decided at, in UTC."),
        "workspace": text(
            "The workspace's public id. A publishable token's refusal does not name it.", pattern=PUBLIC_ID
        ),
        "application": text("The application's slug.", examples=["lantern"]),
        "tier": text("The tier's slug.", examples=["seed"]),
        "limits": {
            "type": "object",
            "description": "What is left of each limit that holds, by its name.",
            "additionalProperties": ref("Limit"),
        },
        "flags": listed(text(examples=["redis_away"]), "What was away while it was decided."),
    }


_SOMETIMES: Final = ("workspace", "application", "tier", "limits", "flags")


def _allowed() -> Schema:
    properties = {
        "allow": fixed(True),
        "status": fixed(200),
        "code": fixed("ok"),
        "type": {"type": "null"},
        "param": {"type": "null"},
        "remedies": listed(ref("Remedy"), maxItems=0),
        **_common(nobody_known="without a token"),
        "granted_by": or_null(ref("GrantedBy")),
        "tries_left": integer("A free try allows it, and so many are left after this one.", minimum=0),
    }
    return thing(properties, optional=(*_SOMETIMES, "tries_left"), about="The call may be made.")


def _refusal() -> Schema:
    properties = {
        "allow": fixed(False),
        "status": one_of(sorted({reason.status for reason in REASONS.values()}), "The status to answer the caller."),
        "code": one_of(REASONS, "The first reason, in the order of the checks."),
        "type": text("OpenAI's type of error.", enum=sorted({reason.type for reason in REASONS.values()})),
        "param": {"type": ["string", "null"], "description": "The part of the call that is wrong."},
        "remedies": listed(ref("Remedy"), "What the caller can do, the free ways first."),
        **_common(nobody_known="where no token was sent or none was recognised"),
    }
    schema = thing(properties, optional=_SOMETIMES, about="The call must not be made.")
    return schema | {"anyOf": [_of_status(status) for status in schema["properties"]["status"]["enum"]]}


def _of_status(status: int) -> Schema:
    """Each code has one status and one type."""
    codes = [reason.code for reason in REASONS.values() if reason.status == status]
    return {
        "properties": {
            "status": fixed(status),
            "type": fixed(TYPE_OF_STATUS[status]),
            "code": one_of(codes),
        }
    }


def _remedy() -> Schema:
    properties = {
        "kind": one_of(REMEDY_KINDS, " ".join(f"`{kind}`: {means}." for kind, means in REMEDY_KINDS.items())),
        "label": text("For people."),
        "href": text("Where it is done: an absolute address.", format="uri"),
        "until": moment("When it opens by itself."),
        "model": text("The model to call instead."),
        "endpoint": text("The endpoint to call instead."),
    }
    return thing(properties, optional=("href", "until", "model", "endpoint"), about="A thing the caller can do.")


def _also() -> Schema:
    return thing({"code": one_of(REASONS), "message": text()}, about="A reason that would refuse next.")


def _granted_by() -> Schema:
    properties: dict[str, Schema] = {
        "source": text("The kind of source.", examples=["rule", "request", "order", "early_access", "free_try"]),
        "id": text("The source's id. A publishable token's holder is not told it."),
        "until": {"anyOf": [moment(), {"type": "null"}], "description": "When the grant ends; null for no end."},
    }
    return thing(properties, optional=("id",), about="Why it is allowed; null where everybody may.")


def _limit() -> Schema:
    properties: dict[str, Schema] = {
        "limit": {"type": "number", "minimum": 0},
        "remaining": {"type": "number", "minimum": 0},
        "reset": {"type": "number", "description": "Seconds until all of it is there again.", "minimum": 0},
    }
    return thing(properties, about="Of several limits of one name, the tightest.")


def _error() -> Schema:
    codes = [*REASONS, *(code for code in FAULTS if code not in REASONS)]
    error = {
        "message": text("For people, in the language asked for."),
        "type": text(enum=sorted(set(TYPE_OF_STATUS.values()))),
        "param": {"type": ["string", "null"]},
        "code": one_of(codes),
        "remedies": listed(ref("Remedy")),
        "also": listed(ref("Also")),
        "request_id": request_id(),
    }
    return thing({"error": thing(error)}, about="As OpenAI's clients read it: they raise their own exception.")


def _problem() -> Schema:
    properties = {
        "type": text(),
        "title": text(),
        "status": one_of(sorted({status for fault in FAULTS.values() for status in fault.statuses})),
        "detail": text("For people, in the language asked for."),
        "code": one_of(FAULTS),
        "param": text("The field that is wrong."),
        "request_id": request_id(),
    }
    return thing(properties, optional=("param",), about="RFC 9457: what is wrong with the ask itself.")


def request_id() -> Schema:
    return text("The name of this one call, in our log and yours.", pattern=REQUEST_ID)


def narrowed(name: str, codes: Iterable[str], *, under: str | None = None) -> Schema:
    """A component whose `code` is one of these; `under` is the member that has it."""
    code: dict[str, Any] = {"properties": {"code": one_of(codes)}}
    return {"allOf": [ref(name), {"properties": {under: code}} if under else code]}


def example_decision(**changes: Any) -> dict[str, Any]:
    allowed = {
        "allow": True,
        "status": 200,
        "code": "ok",
        "type": None,
        "param": None,
        "message": "Allowed.",
        "remedies": [],
        "also": [],
        "request_id": "req_5f1c0a9b3e7d4c2a8b6f0e1d",
        "rights_version": 17,
        "evaluated_at": "2026-11-22T12:00:00.123456Z",
        "workspace": _EXAMPLE_ID,
        "application": "lantern",
        "tier": "seed",
        "granted_by": {"source": "rule", "id": "self_service", "until": None},
    }
    return {name: value for name, value in {**allowed, **changes}.items() if value is not ...}
