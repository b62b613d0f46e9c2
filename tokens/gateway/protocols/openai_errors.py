"""Refusals as OpenAI's clients read them: they raise their own exceptions, with our message, code and remedies."""

from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings

from tokens.gateway.ask import Decision
from tokens.gateway.http import Answer, Fault, Headers, json_answer
from tokens.gateway.protocols import presentation
from tokens.gateway.reasons import REASONS, TYPE_OF_STATUS

# What may be different in a moment though the caller changes nothing. All else is not worth a retry.
PASSING = frozenset({"rate_limited", "payment_pending", "unavailable"})

# What a caller sends may be long, and headers are short. Longer parts are left out.
MAX_IN_LINK: Final = 200


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
    if status < 500:
        headers.append(("Link", _help(decision)))
    return json_answer(status, {"error": decision_body(decision)}, headers=tuple(headers))


def _help(decision: Decision) -> str:
    """RFC 8288: the page that explains this very call to a person. It names the token by its id, never by its text."""
    ask, identity = decision.ask, decision.identity
    told = {
        "token": identity.token if identity else None,
        "model": ask.model,
        "method": ask.method if ask.method != "POST" else None,
        "endpoint": ask.endpoint.partition("?")[0],
    }
    fit = {name: value for name, value in told.items() if value and len(value) <= MAX_IN_LINK}
    return f'<{settings.SITE_URL}/explain/?{urlencode(fit, errors="replace")}>; rel="help"'


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
