"""AuthZEN 1.0: evaluation, evaluations, resource search and the metadata document, all through `decide()`.

Subject: `{"type": "token", "id": <the token>}`; resource: `{"type": "model", "id": <its name>}`; action: an operation's
slug. `context` may hold `ip`, `origin`, `permission` and `cost`, as a native ask has them. A deny is 200, and its
context is the decision.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from msgspec import structs

from tokens.gateway import gateway_keys, request_ids, service, surveys
from tokens.gateway.ask import Ask
from tokens.gateway.http import DRAINED_OF_GATEWAYS, Answer, Call, Fault, Headers, json_answer
from tokens.gateway.protocols import json_bodies, native, presentation

EVALUATION: Final = "/access/v1/evaluation"
EVALUATIONS: Final = "/access/v1/evaluations"
SEARCH_RESOURCE: Final = "/access/v1/search/resource"
CONFIGURATION: Final = "/.well-known/authzen-configuration"
MAX_EVALUATIONS: Final = 100
MAX_PAGE: Final = 1000
# and the last name of the page before. A page's token is never empty, for an empty one says that no page follows.
AFTER: Final = "after:"
TOKEN, MODEL = "token", "model"
_PARTS: Final = ("subject", "resource", "action", "context")
Values = dict[str, Any]
# A body, and the headers that tell of limits.
Told = tuple[Values, Headers]

# After which decision the rest is not asked.
STOPS_AT: Final[dict[str, bool | None]] = {
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}


def configuration(call: Call) -> Answer:
    site = settings.SITE_URL
    return json_answer(
        200,
        {
            "policy_decision_point": site,
            "access_evaluation_endpoint": site + EVALUATION,
            "access_evaluations_endpoint": site + EVALUATIONS,
            "search_resource_endpoint": site + SEARCH_RESOURCE,
        },
    )


def evaluation(call: Call) -> Answer:
    return _answered(call, "decide", lambda values: _evaluate(values, call.request_id))


def evaluations(call: Call) -> Answer:
    return _answered(call, "decide", lambda values: _evaluate_all(values, call.request_id))


def search_resource(call: Call) -> Answer:
    return _answered(call, "search", lambda values: _search(values, call.request_id))


def _answered(call: Call, scope: str, reply: Callable[[Values], Told]) -> Answer:
    """The caller's `X-Request-ID` comes back as it is, as the specification asks, with a refusal too; but the decision
    goes by a name that is fit for logs."""
    given = call.header("X-Request-Id")
    call.request_id = request_ids.accepted(given or call.request_id)
    try:
        key = gateway_keys.bearer(call.header("Authorization"))
        gateway_keys.authenticate(key, call.remote_address, scope=scope)
        call.drained = DRAINED_OF_GATEWAYS
        body, limits = reply(json_bodies.strict_object(_body(call)))
        answer = json_answer(200, body, headers=limits)
    except Fault as fault:
        answer = native.problem(fault, call.request_id)
    return structs.replace(answer, headers=(*answer.headers, ("X-Request-Id", given or call.request_id)))


def _body(call: Call) -> bytes:
    """As of a native ask; but the specification knows no 415."""
    try:
        return native.json_body(call)
    except Fault as fault:
        if fault.status == 415:
            raise Fault(400, "invalid_request", fault.detail) from fault
        raise


# --- Evaluation -------------------------------------------------------------------------------------------


def _evaluate(values: Values, request_id: str) -> Told:
    ask = _ask(values, _entity(values, "subject", TOKEN), request_id)
    model, operation = _entity(values, "resource", MODEL), _name_of(values)
    decision = service.answer(structs.replace(ask, endpoint=operation, operation=operation, model=model or None))
    body = {"decision": decision.allow, "context": presentation.full(decision)}
    return body, presentation.rate_limit_headers(decision)


def _evaluate_all(values: Values, request_id: str) -> Told:
    """Each inherits what it does not say itself. Without a list it is one evaluation. One that cannot be read denies,
    and says so, without spoiling the others. The headers tell what the last one left of the limits."""
    asked = values.get("evaluations")
    if asked is None or asked == []:
        return _evaluate(values, request_id)
    if not isinstance(asked, list) or len(asked) > MAX_EVALUATIONS or not all(isinstance(one, dict) for one in asked):
        message = _("“evaluations” must be a list of at most %(most)s objects.") % {"most": MAX_EVALUATIONS}
        raise Fault(400, "invalid_ask", message, param="evaluations")
    stop = STOPS_AT[_semantic(values)]
    defaults: Values = {part: values[part] for part in _PARTS if part in values}
    results = list(_until(stop, asked, defaults, request_id))
    limits = next((headers for _body, headers in reversed(results) if headers), ())
    return {"evaluations": [body for body, _headers in results]}, limits


def _until(stop: bool | None, asked: list[Values], defaults: Values, request_id: str) -> Iterator[Told]:
    for number, one in enumerate(asked):
        result = _one_of_many({**defaults, **one}, f"{request_id[:60]}-{number}")
        yield result
        if result[0]["decision"] is stop:
            return


def _one_of_many(values: Values, request_id: str) -> Told:
    try:
        return _evaluate(values, request_id)
    except Fault as fault:
        error = {"status": fault.status, "message": fault.detail, "code": fault.code, "param": fault.param}
        return {"decision": False, "context": {"error": error}}, ()


def _semantic(values: Values) -> str:
    options = values.get("options")
    options = {} if options is None else options
    semantic = options.get("evaluations_semantic", "execute_all") if isinstance(options, dict) else None
    if not isinstance(semantic, str) or semantic not in STOPS_AT:
        message = _("“options.evaluations_semantic” must be one of %(known)s.") % {"known": ", ".join(STOPS_AT)}
        raise Fault(400, "invalid_ask", message, param="options")
    return semantic


def _ask(values: Values, token: str, request_id: str) -> Ask:
    """The context is read as a native ask is: the same names, the same rules."""
    context = values.get("context")
    context = {} if context is None else context
    if not isinstance(context, dict):
        raise Fault(400, "invalid_ask", _("“context” must be an object."), param="context")
    known = {name: context[name] for name in ("ip", "origin", "permission", "cost") if name in context}
    return native.read_ask({**known, "token": token, "endpoint": "/"}, request_id)


def _entity(values: Values, part: str, kind: str) -> str:
    """The id of a subject or a resource of the one kind that we know. Raises Fault."""
    found, name = _identity(values, part)
    if found != kind:
        message = _("The type of “%(part)s” must be “%(kind)s”.") % {"part": part, "kind": kind}
        raise Fault(400, "invalid_ask", message, param=part)
    return name


def _identity(values: Values, part: str) -> tuple[str, str]:
    """Type and id of a subject or a resource. Raises Fault."""
    kind, name = _texts(values, part, "type", "id")
    return kind, name


def _texts(values: Values, part: str, *names: str) -> list[str]:
    """These members of a part of the question, which must be texts. Raises Fault."""
    entity = values.get(part)
    found = [entity.get(name) for name in names] if isinstance(entity, dict) else [None]
    if not all(json_bodies.is_text(one) for one in found):
        message = _("“%(part)s” must be an object with “type” and “id”.") % {"part": part}
        raise Fault(400, "invalid_ask", message, param=part)
    return [str(one) for one in found]


def _name_of(values: Values) -> str:
    action = values.get("action")
    if not isinstance(action, dict) or not json_bodies.is_text(action.get("name")):
        raise Fault(400, "invalid_ask", _("“action” must be an object with “name”."), param="action")
    return str(action["name"])


# --- Search -----------------------------------------------------------------------------------------------


def _search(values: Values, request_id: str) -> Told:
    """The models that the token may call by this operation, by name. Nothing is spent. Of a type that we do not know
    there are none, as the specification's certification has it."""
    kind, token = _identity(values, "subject")
    (wanted,) = _texts(values, "resource", "type")
    ask = _ask(values, "", request_id)
    after, limit = _page(values)
    operation = _name_of(values)
    survey = surveys.read(token) if (kind, wanted) == (TOKEN, MODEL) else None
    names = sorted(name for name in survey.catalogue.models if name > after) if survey else []
    allowed = (name for name in names if survey and survey.decide(ask, operation, name).allow)
    found = list(islice(allowed, limit + 1))
    shown = found[:limit]
    page = {"next_token": f"{AFTER}{[after, *shown][-1]}" if len(found) > limit else "", "count": len(shown)}
    return {"results": [{"type": MODEL, "id": name} for name in shown], "page": page}, ()


def _page(values: Values) -> tuple[str, int]:
    """The name after which the page begins, and how many it has. Raises Fault."""
    page = values.get("page")
    page = {} if page is None else page
    if not isinstance(page, dict):
        raise Fault(400, "invalid_ask", _("“page” must be an object."), param="page")
    token, limit = page.get("token"), page.get("limit")
    token = AFTER if token in (None, "") else token
    most = MAX_PAGE if limit is None else json_bodies.whole_number(limit)
    if not isinstance(token, str) or not token.startswith(AFTER) or most is None:
        message = _("“page” has a “token” that we gave, and a “limit” of 0 or more.")
        raise Fault(400, "invalid_ask", message, param="page")
    return token.removeprefix(AFTER), min(most, MAX_PAGE)
