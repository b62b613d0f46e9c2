"""A decision as JSON. The same values in every protocol, so that a caller reads one thing everywhere."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django.conf import settings

from tokens.gateway.ask import Decision, LimitState, Refusal, Remedy
from tokens.gateway.http import Headers
from tokens.gateway.reasons import REASONS

# Of each limit: its name in the fields of the IETF's draft, and what else its policy says. A calendar month has no
# length that could be told.
POLICIES: Final = {
    "requests_per_minute": ("minute", ";w=60"),
    "requests_per_day": ("day", ";w=86400"),
    "requests_per_month": ("month", ""),
    "concurrent_calls": ("concurrent", ';qu="concurrent-requests"'),
}


_ALLOWED: Final[dict[str, Any]] = {
    "status": 200,
    "code": "ok",
    "type": None,
    "param": None,
    "message": "Allowed.",
    "remedies": [],
}


def full(decision: Decision) -> dict[str, Any]:
    """The whole decision, as `POST /v1/decisions` answers it."""
    identity, refusal = decision.identity, decision.refusals[0] if decision.refusals else None
    body = {
        "allow": refusal is None,
        **(_ALLOWED if refusal is None else _verdict(refusal)),
        "also": also(decision) if refusal else [],
        "request_id": decision.ask.request_id,
        "rights_version": identity.rights_version if identity else None,
        "evaluated_at": timestamp(decision.at),
    }
    if identity:
        if refusal is None or not identity.publishable:
            body["workspace"] = identity.workspace
        body["application"] = identity.slug
    if decision.tier:
        body["tier"] = decision.tier.slug
    if refusal is None:
        body["granted_by"] = granted_by(decision)
    if decision.tries_left is not None:
        body["tries_left"] = decision.tries_left
    if decision.limits:
        body["limits"] = limits(decision.limits)
    if decision.flags:
        body["flags"] = sorted(decision.flags)
    return body


def _verdict(refusal: Refusal) -> dict[str, Any]:
    return {
        "status": REASONS[refusal.code].status,
        "code": refusal.code,
        "type": REASONS[refusal.code].type,
        "param": param(refusal),
        "message": refusal.message,
        "remedies": remedies(refusal),
    }


def granted_by(decision: Decision) -> dict[str, Any] | None:
    """None where everybody may: the lowest tier opens it."""
    grant = decision.granted_by
    if grant is None:
        return None
    return {
        "source": grant.source,
        "id": grant.source_id,
        "until": timestamp(grant.ends_at) if grant.ends_at else None,
    }


def param(refusal: Refusal) -> str | None:
    return refusal.param or REASONS[refusal.code].param


def also(decision: Decision) -> list[dict[str, str]]:
    return [{"code": later.code, "message": later.message} for later in decision.refusals[1:]]


def remedies(refusal: Refusal) -> list[dict[str, str]]:
    return [_remedy(remedy) for remedy in refusal.remedies]


def _remedy(remedy: Remedy) -> dict[str, str]:
    values = {
        "kind": remedy.kind,
        "label": remedy.label,
        "href": settings.SITE_URL + remedy.href if remedy.href else None,
        "until": timestamp(remedy.until) if remedy.until else None,
        "model": remedy.model,
        "endpoint": remedy.endpoint,
    }
    return {name: value for name, value in values.items() if value is not None}


# --- Limits -----------------------------------------------------------------------------------------------


def limits(states: Iterable[LimitState]) -> dict[str, Any]:
    """What is left of each. Of limits of one name (of the token, the application, the workspace) the tightest."""
    return {
        name: {"limit": state.limit, "remaining": state.remaining, "reset": state.reset}
        for name, state in _tightest(states).items()
    }


def rate_limit_headers(decision: Decision) -> Headers:
    """The fields of draft-ietf-httpapi-ratelimit-headers, those of OpenAI, and when to ask again where a refusal passes
    by itself. Every answer carries them, so they are put together with little work."""
    reason = decision.refusals[0] if decision.refusals else None
    later: Headers = () if reason is None or reason.retry_after is None else (("Retry-After", f"{reason.retry_after}"),)
    return (*fields(decision.limits), *later) if decision.limits else later


def fields(limits: Iterable[LimitState]) -> Headers:
    """Those of what is left."""
    return _fields(_tightest(limits))


def _fields(states: Mapping[str, LimitState]) -> Headers:
    left = ", ".join([f'"{POLICIES[name][0]}";r={state.remaining};t={state.reset}' for name, state in states.items()])
    policy = ", ".join([_policy(name, state.limit) for name, state in states.items()])
    found = (("RateLimit-Policy", policy), ("RateLimit", left))
    minute = states.get("requests_per_minute")
    if minute is None:
        return found
    return (
        *found,
        ("X-RateLimit-Limit-Requests", f"{minute.limit}"),
        ("X-RateLimit-Remaining-Requests", f"{minute.remaining}"),
        ("X-RateLimit-Reset-Requests", f"{minute.reset}s"),
    )


@lru_cache(maxsize=1024)
def _policy(name: str, limit: int) -> str:
    short, more = POLICIES[name]
    return f'"{short}";q={limit}{more}'


def _tightest(states: Iterable[LimitState]) -> dict[str, LimitState]:
    """Of each name the one that has least left; of two, the smaller."""
    found: dict[str, LimitState] = {}
    for state in states:
        other = found.get(state.name)
        if other is None or (state.remaining, state.limit) < (other.remaining, other.limit):
            found[state.name] = state
    return found


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC, with `Z`."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat()[:-6] + "Z"
