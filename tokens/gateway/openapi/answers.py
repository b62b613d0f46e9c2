"""The answers of an operation: each status with its body, its headers, and every code that it may carry."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from tokens.gateway.faults import FAULTS
from tokens.gateway.http import JSON, PROBLEM
from tokens.gateway.openapi.schemas import narrowed
from tokens.gateway.openapi.shapes import Schema, integer, text
from tokens.gateway.reasons import REASONS

Answers = dict[str, Any]
REASON_HEADER: Final = "Retry-After"


def headers() -> dict[str, Any]:
    """The components that answers refer to."""
    found = {
        "RequestId": ("The name of this call.", text()),
        "CallersRequestId": ("The caller's own name of the call, as it was sent; else ours.", text()),
        REASON_HEADER: ("Seconds after which to ask again, where they are known.", integer(minimum=0)),
        "ShouldRetry": ("`false` where another try without a change cannot help.", text(const="false")),
        "Challenge": ("How to authenticate.", text()),
        "RateLimit": ("What is left of each limit that holds.", text(examples=['"minute";r=58;t=31'])),
        "RateLimit-Policy": ("The limits that hold.", text(examples=['"minute";q=60;w=60'])),
        "Limit": ("Of the limit a minute: how many calls.", integer(minimum=0)),
        "Remaining": ("How many of them are left.", integer(minimum=0)),
        "Reset": ("When all of them are there again.", text(pattern="^[0-9]+s$")),
        "Anyone": ("Every page may read the answer.", text(const="*")),
        "Exposed": ("Headers that a page may read.", text()),
        "MayMethods": ("Methods that a page may use.", text()),
        "MayHeaders": ("Headers that a page may send: those that were asked about.", text()),
        "MaxAge": ("Seconds for which a browser need not ask again.", integer(minimum=0)),
    }
    return {name: {"description": about, "schema": schema} for name, (about, schema) in found.items()}


def carried(**required: str) -> dict[str, Any]:
    """Headers that come along: `X_Request_Id="RequestId"`."""
    return {
        name.replace("_", "-"): {"$ref": f"#/components/headers/{component}"} for name, component in required.items()
    }


LIMITS: Final = carried(
    RateLimit="RateLimit",
    RateLimit_Policy="RateLimit-Policy",
    X_RateLimit_Limit_Requests="Limit",
    X_RateLimit_Remaining_Requests="Remaining",
    X_RateLimit_Reset_Requests="Reset",
)
ALWAYS: Final = LIMITS | carried(Retry_After=REASON_HEADER)


def answer(
    about: str, schema: Schema | None = None, *, example: Any = None, examples: Any = None, **more: Any
) -> dict[str, Any]:
    """One answer in JSON, or without a body."""
    found: dict[str, Any] = {"description": about, **more}
    if schema is not None:
        media: dict[str, Any] = {"schema": schema}
        if example is not None:
            media["example"] = example
        if examples is not None:
            media["examples"] = {name: {"value": value} for name, value in examples.items()}
        found["content"] = {JSON: media}
    return found


def problems(*codes: str) -> Answers:
    """What is wrong with the ask itself, as problem+json."""
    found = {}
    for status, held in _faults_by_status(codes).items():
        content = {PROBLEM: {"schema": narrowed("Problem", held)}}
        found[str(status)] = {"description": _told(held), "content": content, "headers": _headers_of(status)}
    return found


def errors(*, reasons: Iterable[str] = REASONS, faults: Iterable[str] = (), headers: Answers | None = None) -> Answers:
    """Refusals and faults under their own status, in OpenAI's error body."""
    by_status = _faults_by_status(faults)
    for code in reasons:
        by_status[REASONS[code].status].append(code)
    return {
        str(status): {
            "description": _told(codes),
            "content": {JSON: {"schema": narrowed("Error", dict.fromkeys(codes), under="error")}},
            "headers": _headers_of(status) | (headers or {}),
        }
        for status, codes in sorted(by_status.items())
    }


def _faults_by_status(codes: Iterable[str]) -> dict[int, list[str]]:
    """The first status of a fault that has several is the one it has in most protocols."""
    found: dict[int, list[str]] = defaultdict(list)
    for code in codes:
        name, _slash, status = code.partition("/")
        found[int(status) if status else FAULTS[name].statuses[0]].append(name)
    return found


def _told(codes: list[str]) -> str:
    return " ".join(f"`{code}`: {_when(code)}." for code in dict.fromkeys(codes))


def _when(code: str) -> str:
    return REASONS[code].when if code in REASONS else FAULTS[code].when


def _headers_of(status: int) -> dict[str, Any]:
    found = carried(X_Trellis_Request_Id="RequestId")
    if status == 401:
        found |= carried(WWW_Authenticate="Challenge")
    return found | (carried(Retry_After=REASON_HEADER) if status in {402, 429, 503} else {})
