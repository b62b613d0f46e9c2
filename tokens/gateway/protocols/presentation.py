"""A decision as JSON. The same values in every protocol, so that a caller reads one thing everywhere."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from tokens.gateway.ask import Decision, Refusal, Remedy
from tokens.gateway.http import Headers
from tokens.gateway.reasons import REASONS


def full(decision: Decision) -> dict[str, Any]:
    """The whole decision, as `POST /v1/decisions` answers it."""
    rights = decision.rights
    body = {
        "allow": decision.allow,
        **_verdict(decision.reason),
        "also": also(decision),
        "request_id": decision.ask.request_id,
        "rights_version": rights.rights_version if rights else None,
        "evaluated_at": timestamp(decision.at),
    }
    if rights:
        named = decision.allow or not rights.publishable
        body |= {"workspace": rights.workspace} if named else {}
        body["application"] = rights.application.slug
    if decision.tier:
        body["tier"] = decision.tier.slug
    if decision.allow:
        body["granted_by"] = granted_by(decision)
    if decision.tries_left is not None:
        body["tries_left"] = decision.tries_left
    return body


def retry_after(decision: Decision) -> Headers:
    """When to ask again, in seconds, where that is known."""
    seconds = decision.reason.retry_after if decision.reason else None
    return () if seconds is None else (("Retry-After", str(seconds)),)


def _verdict(refusal: Refusal | None) -> dict[str, Any]:
    if refusal is None:
        return {"status": 200, "code": "ok", "type": None, "param": None, "message": _("Allowed."), "remedies": []}
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


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC, with `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
