"""AuthZEN 1.0: evaluation, evaluations, resource search, metadata."""

from typing import Any, Final

from tiers import starter
from tokens.gateway.openapi import native
from tokens.gateway.openapi.answers import LIMITS, answer, carried, problems
from tokens.gateway.openapi.asking import GATEWAY, LANGUAGE, NOBODY, TOKEN, body
from tokens.gateway.openapi.schemas import example_decision
from tokens.gateway.openapi.shapes import Schema, fixed, integer, listed, one_of, ref, text, thing
from tokens.gateway.protocols import authzen

TAG: Final = {
    "name": "AuthZEN",
    "description": "The Authorization API 1.0 of the OpenID Foundation. The subject is a token, the resource a model, "
    "the action an operation. A deny is 200, with the whole decision as its context.",
}
FAULTS: Final = ("invalid_request", "invalid_json", "invalid_ask", "gateway_unauthorized", "too_large", "unavailable")
_WITH_ID: Final = carried(X_Request_ID="CallersRequestId")
_REQUEST_ID: Final = {"$ref": "#/components/parameters/RequestId"}


def paths() -> dict[str, Any]:
    return {
        authzen.EVALUATION: {"post": _evaluate()},
        authzen.EVALUATIONS: {"post": _evaluate_all()},
        authzen.SEARCH_RESOURCE: {"post": _search()},
        authzen.CONFIGURATION: {"get": _metadata()},
    }


def schemas() -> dict[str, Schema]:
    return {
        "Subject": _entity(authzen.TOKEN, "The caller's token, as it was sent."),
        "Resource": _entity(authzen.MODEL, "The model's name. An empty one names none.", example="gpt-4o-mini"),
        "Action": thing({"name": _operation()}),
        "Context": _context(),
        "Question": thing(_question(), optional=("context",)),
        "Questions": _questions(),
        "Evaluation": _evaluation(),
        "Unread": _unread(),
    }


def _entity(kind: str, about: str, example: str = TOKEN) -> Schema:
    return thing({"type": fixed(kind), "id": text(about, examples=[example])})


def _operation() -> Schema:
    """Staff may add operations, so these are the starter catalogue's, and no closed set."""
    return text("The slug of an operation.", examples=[operation.slug for operation in starter.read().operations])


def _context() -> Schema:
    schema = thing(
        native.fields(), optional=native.fields(), about="The circumstances, as `POST /v1/decisions` has them."
    )
    return schema | {"type": ["object", "null"]}


def _question() -> dict[str, Schema]:
    return {
        "subject": ref("Subject"),
        "action": ref("Action"),
        "resource": ref("Resource"),
        "context": ref("Context"),
    }


def _questions() -> Schema:
    several = {
        "type": ["array", "null"],
        "description": "Each inherits from the top what it does not say itself. Without any it is one evaluation.",
        "items": {"type": "object"},
        "maxItems": authzen.MAX_EVALUATIONS,
    }
    semantic = one_of(authzen.STOPS_AT, "After which decision the rest is not asked; `execute_all` where left out.")
    options = {"type": ["object", "null"], "properties": {"evaluations_semantic": semantic}}
    schema = thing({"evaluations": several, "options": options}, optional=("evaluations", "options"))
    listed_ones = thing({"evaluations": {"type": "array", "minItems": 1}})
    return schema | {"if": listed_ones, "else": ref("Question")}


def _evaluation() -> Schema:
    refused = thing({"decision": fixed(False), "context": ref("Refusal")})
    return {"oneOf": [thing({"decision": fixed(True), "context": ref("Allowed")}), refused]}


def _unread() -> Schema:
    error = thing(
        {"status": integer(), "message": text(), "code": text(), "param": {"type": ["string", "null"]}},
    )
    about = "One of several that cannot be read. It denies, and spoils no other."
    return thing({"decision": fixed(False), "context": thing({"error": error})}, about=about)


def _post(operation: str, summary: str, about: str, request: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "tags": [TAG["name"]],
        "summary": summary,
        "description": about,
        "security": GATEWAY,
        "parameters": [_REQUEST_ID, LANGUAGE],
        "requestBody": request,
        "responses": {"200": found | {"headers": LIMITS | _WITH_ID}, **_problems()},
    }


def _problems() -> dict[str, Any]:
    found = problems(*FAULTS)
    for one in found.values():
        one["headers"] |= _WITH_ID
    return found


def _example(**more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "token", "id": TOKEN},
        "action": {"name": "chat_completion"},
        "resource": {"type": "model", "id": "gpt-4o-mini"},
        **more,
    }


def _evaluate() -> dict[str, Any]:
    allowed = {"decision": True, "context": example_decision()}
    return _post(
        "evaluate",
        "May this token call this model by this operation?",
        "Spends what a call spends. What is no question is 400, and names the part that is wrong.",
        body(ref("Question"), chat=_example(context={"ip": "192.0.2.7"})),
        answer("The decision.", ref("Evaluation"), example=allowed),
    )


def _evaluate_all() -> dict[str, Any]:
    both = [{"resource": {"type": "model", "id": name}} for name in ("gpt-4o-mini", "gpt-4o")]
    several = thing({"evaluations": listed({"oneOf": [ref("Evaluation"), ref("Unread")]})})
    return _post(
        "evaluateAll",
        "Several evaluations at once",
        f"At most {authzen.MAX_EVALUATIONS}, answered in their order; fewer where `evaluations_semantic` stops early.",
        body(ref("Questions"), two=_example(evaluations=both, options={"evaluations_semantic": "deny_on_first_deny"})),
        answer("The decisions; without a list of evaluations, the one.", {"oneOf": [several, ref("Evaluation")]}),
    )


def _search() -> dict[str, Any]:
    found = thing(
        {
            "results": listed(thing({"type": fixed(authzen.MODEL), "id": text()})),
            "page": thing({"next_token": text("Empty on the last page."), "count": integer(minimum=0)}),
        }
    )
    request = _example(resource={"type": "model"}, page={"limit": 20})
    return _post(
        "searchResource",
        "Which models may this token call by this operation?",
        "Needs a gateway key with the scope *search*. By name; nothing is spent. Of an unknown type there are none.",
        body(_searched(), models=request),
        answer("The models.", found, example=_found()),
    )


def _found() -> dict[str, Any]:
    return {"results": [{"type": "model", "id": "gpt-4o-mini"}], "page": {"next_token": "", "count": 1}}


def _searched() -> Schema:
    about = "`next_token` of the page before."
    page = {
        "type": ["object", "null"],
        "properties": {
            "token": {
                "type": ["string", "null"],
                "description": about,
                "pattern": f"^({authzen.AFTER}|$)",
            },
            "limit": {"type": ["integer", "null"], "minimum": 0},
        },
    }
    anything = {"type": "string"}
    properties = {
        "subject": thing({"type": anything, "id": anything}),
        "action": ref("Action"),
        "resource": thing({"type": anything}),
        "context": ref("Context"),
        "page": page,
    }
    return thing(properties, optional=("context", "page"))


def _metadata() -> dict[str, Any]:
    names = ("policy_decision_point", "access_evaluation_endpoint", "access_evaluations_endpoint")
    found = {name: text(format="uri") for name in (*names, "search_resource_endpoint")}
    return {
        "operationId": "authzenConfiguration",
        "tags": [TAG["name"]],
        "summary": "Where each endpoint is",
        "security": NOBODY,
        "responses": {"200": answer("The metadata document.", thing(found))},
    }
