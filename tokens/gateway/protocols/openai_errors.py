"""Refusals as OpenAI's clients read them: they raise their own exceptions, with our message, code and remedies."""

from typing import Any

from tokens.gateway.ask import Decision
from tokens.gateway.http import Answer, Fault, Headers, json_answer
from tokens.gateway.protocols import presentation
from tokens.gateway.reasons import REASONS, TYPE_OF_STATUS

# What may be different in a moment though the caller changes nothing. All else is not worth a retry.
PASSING = frozenset({"rate_limited", "payment_pending", "unavailable"})


def of_decision(decision: Decision) -> Answer:
    """A refusal with its own status. The decision must be one."""
    refusal = decision.refusals[0]
    headers = [("X-Trellis-Request-Id", decision.ask.request_id), ("X-Request-Id", decision.ask.request_id)]
    headers.extend(presentation.rate_limit_headers(decision))
    if refusal.code not in PASSING:
        headers.append(("X-Should-Retry", "false"))
    status = REASONS[refusal.code].status
    if status == 401:
        headers.append(("WWW-Authenticate", _challenge(refusal.code)))
    return json_answer(status, {"error": decision_body(decision)}, headers=tuple(headers))


def decision_body(decision: Decision) -> dict[str, Any]:
    refusal = decision.refusals[0]
    return {
        "message": refusal.message,
        "type": REASONS[refusal.code].type,
        "param": presentation.param(refusal),
        "code": refusal.code,
        "remedies": presentation.remedies(refusal),
        "also": presentation.also(decision),
        "request_id": decision.ask.request_id,
    }


def _challenge(code: str) -> str:
    """RFC 6750: without credentials, a challenge names no error."""
    return 'Bearer realm="trellis"' if code == "token_missing" else 'Bearer realm="trellis", error="invalid_token"'


def of_fault(fault: Fault, request_id: str) -> Answer:
    body: dict[str, Any] = {
        "message": fault.detail,
        "type": TYPE_OF_STATUS.get(fault.status, "invalid_request_error"),
        "param": fault.param,
        "code": fault.code,
        "remedies": [],
        "also": [],
        "request_id": request_id,
    }
    retry: Headers = () if fault.code in PASSING else (("X-Should-Retry", "false"),)
    ids: Headers = (("X-Trellis-Request-Id", request_id), ("X-Request-Id", request_id))
    return json_answer(fault.status, {"error": body}, headers=(*ids, *retry, *fault.headers))
