"""For the token's holder, authenticated by the token itself: what it opens, what it is, and why a call is refused.

`GET /v1/models`, `GET /v1/key`, `POST /v1/explain`. Nothing is spent but a limit of their own, 60 a minute a token.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

from django.utils.translation import gettext as _

from tiers.facts import ModelFacts
from tokens import keys
from tokens.gateway import holder_limit, limits, refusals, request_ids, surveys
from tokens.gateway.ask import Ask, Decision, Refusal
from tokens.gateway.http import Answer, Call, Fault, json_answer
from tokens.gateway.limits import Limit
from tokens.gateway.protocols import forwarded, json_bodies, native, openai_errors, presentation, queries
from tokens.gateway.surveys import Survey

MODELS: Final = "/v1/models"
Values = dict[str, Any]
_DESCRIBED: Final = ("model", "endpoint", "method", "origin", "ip", "permission")


class Refused(Exception):
    """The token is not good, or not from there."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        super().__init__(decision)


def models(call: Call) -> Answer:
    """Every model that is served, with what opens it; `callable` says whether that is had."""
    return _answered(call, _list)


def model(call: Call) -> Answer:
    return _answered(call, _one)


def key(call: Call) -> Answer:
    return _answered(call, _key)


def explain(call: Call) -> Answer:
    return _answered(call, _explain)


def _answered(call: Call, reply: Callable[[Call, Survey, Ask], Values]) -> Answer:
    try:
        survey, ask = _holder(call)
        return json_answer(200, reply(call, survey, ask), headers=(("X-Request-Id", call.request_id),))
    except Refused as refused:
        return openai_errors.of_decision(refused.decision)


# --- Whose token it is ------------------------------------------------------------------------------------


def _holder(call: Call) -> tuple[Survey, Ask]:
    """The token's rights, once it is known to be good and used from where it may be. Raises Refused or Fault."""
    in_query, in_header = queries.read(f"?{call.query}").tokens, forwarded.header_tokens(call)
    tokens = list(dict.fromkeys([*in_header, *in_query]))
    ask = Ask(
        endpoint=call.path,
        token=tokens[0] if tokens else None,
        origin=call.header("Origin"),
        request_id=call.request_id,
        token_in_query=bool(in_query),
        token_in_header=bool(in_header),
    )
    if ask.token is None:
        raise _refused(ask, refusals.token_needed())
    if len(tokens) > 1:
        raise _refused(ask, refusals.tokens_differ())
    if keys.parse_token(ask.token) is None:
        raise _refused(ask, refusals.token_malformed())
    survey = surveys.read(ask.token)
    if survey is None:
        raise _refused(ask, refusals.token_unknown())
    _check_limit(survey)
    refusal = next(survey.token_refusals(ask), None)
    if refusal is not None:
        raise _refused(ask, refusal, survey)
    return survey, ask


def _check_limit(survey: Survey) -> None:
    seconds = holder_limit.wait_for(survey.rights.token)
    if seconds:
        message = _("A token may ask of itself 60 times a minute. Ask again in %(seconds)s s.") % {"seconds": seconds}
        raise Fault(429, "rate_limited", message, headers=(("Retry-After", str(seconds)),))


def _refused(ask: Ask, refusal: Refusal, survey: Survey | None = None) -> Refused:
    at = survey.now if survey else datetime.now(UTC)
    return Refused(Decision(ask=ask, at=at, refusals=(refusal,), identity=survey.rights.identity if survey else None))


# --- The answers ------------------------------------------------------------------------------------------


def _list(call: Call, survey: Survey, ask: Ask) -> Values:
    catalogue = survey.catalogue
    served = [one for one in catalogue.models.values() if one.operations and not one.is_retired(survey.now)]
    return {"object": "list", "data": [_model(survey, ask, one) for one in sorted(served, key=lambda one: one.name)]}


def _one(call: Call, survey: Survey, ask: Ask) -> Values:
    """As the list has it. A name that there is not is refused as a call of it would be."""
    name = unquote(call.path.removeprefix(f"{MODELS}/"))
    found = survey.catalogue.by_any_name.get(name)
    if found is None:
        raise _refused(ask, refusals.model_not_found(survey.catalogue, name), survey)
    return _model(survey, ask, found)


def _model(survey: Survey, ask: Ask, one: ModelFacts) -> Values:
    """`created` is a field that OpenAI's clients want; when a model was made we do not know."""
    catalogue = survey.catalogue
    operations = [slug for slug in catalogue.operations if slug in one.operations]
    decision = survey.decide(ask, operations[0], one.name) if operations else None
    until = one.early_access_ends if one.in_early_access(survey.now) else None
    opened = decision is not None and decision.allow
    body: Values = {
        "id": one.name,
        "object": "model",
        "created": 0,
        "owned_by": one.family,
        "aliases": list(one.aliases),
        "operations": operations,
        "endpoints": [catalogue.operations[slug].endpoints[0] for slug in operations],
        "opens": {"tier": one.tier, "by_approval": one.gated},
        "callable": opened,
    }
    if until is not None:
        body["opens"]["early_access_until"] = presentation.timestamp(until)
    if decision is not None and decision.reason is not None:
        reason = decision.reason
        body["refusal"] = {
            "code": reason.code,
            "message": reason.message,
            "remedies": presentation.remedies(reason),
        }
    elif decision is not None:
        body["granted_by"] = _granted_by(survey, decision)
    return body


def _granted_by(survey: Survey, decision: Decision) -> Values | None:
    """To a publishable token, which every visitor of a site has, no order and no request is named."""
    found = presentation.granted_by(decision)
    if found is not None and survey.rights.publishable:
        del found["id"]
    return found


def _key(call: Call, survey: Survey, ask: Ask) -> Values:
    rights = survey.rights
    stands = survey.standing
    tier = stands.tier
    body: Values = {
        "object": "key",
        "id": rights.token,
        "kind": "publishable" if rights.publishable else "secret",
        "application": rights.application.slug,
        "tier": tier.slug,
        "tier_until": presentation.timestamp(stands.grant.ends_at) if stands.grant and stands.grant.ends_at else None,
        "expires_at": presentation.timestamp(rights.ends_at) if rights.ends_at else None,
        "rights_version": rights.rights_version,
        "restrictions": {
            "models": sorted(rights.allowed_models),
            "operations": sorted(rights.allowed_operations),
            "permissions": sorted(rights.allowed_permissions),
            "addresses": [str(network) for network in rights.allowed_networks],
            "origins": list(rights.allowed_hosts),
        },
        "limits": {**_limits(limits.of(rights, stands)), **presentation.limits(survey.left(ask))},
    }
    if not rights.publishable:
        body["workspace"] = rights.workspace
    return body


def _limits(held: Iterable[Limit]) -> Values:
    """Of each the lowest that holds; null where there is none. What is left of them Redis knows, if it answers."""
    facts = [limit.facts for limit in held]
    found = {
        "requests_per_minute": [one.per_minute for one in facts],
        "requests_per_day": [one.per_day for one in facts],
        "requests_per_month": [one.per_month for one in facts],
        "concurrent_calls": [one.concurrent for one in facts],
    }
    return {name: {"limit": min((v for v in said if v is not None), default=None)} for name, said in found.items()}


def _explain(call: Call, survey: Survey, ask: Ask) -> Values:
    """The decision on a call that is described, and what each check found, in the order of the checks."""
    values = json_bodies.strict_object(native.json_body(call))
    call.request_id = request_ids.accepted(values.get("request_id", call.request_id))
    known: Values = {name: values[name] for name in _DESCRIBED if name in values}
    described = native.read_ask({"origin": ask.origin, **known, "token": ask.token}, call.request_id)
    decision, trace = survey.explain(described)
    checks = [
        {
            "check": check,
            "passed": not found,
            "refusals": [{"code": one.code, "message": one.message} for one in found],
        }
        for check, found in trace
    ]
    body = {**presentation.full(decision), "checks": checks}
    if survey.rights.publishable:
        body.pop("workspace", None)
    if decision.allow:
        body["granted_by"] = _granted_by(survey, decision)
    return body
