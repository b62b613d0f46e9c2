"""`POST /v1/decisions`: the ask as JSON, the decision as JSON. What is no ask is answered as problem+json."""

from functools import partial
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _
from msgspec import structs

from tokens.gateway import gateway_keys, request_ids, service
from tokens.gateway.ask import Address, Ask, Decision
from tokens.gateway.http import DRAINED_OF_GATEWAYS, JSON, PROBLEM, Answer, Call, Fault, json_answer
from tokens.gateway.protocols import json_bodies, presentation, queries

MAX_BODY = 1 << 16
MAX_COST = 10**9
PERMISSIONS = ("generate", "download")


def decisions(call: Call) -> Answer:
    try:
        return _decide(call)
    except Fault as fault:
        return problem(fault, call.request_id)


def problem(fault: Fault, request_id: str, **more: str) -> Answer:
    """RFC 9457, with our `code`, and `param` where one field is wrong."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(fault.status).phrase,
        "status": fault.status,
        "detail": fault.detail,
        "code": fault.code,
        "request_id": request_id,
        **more,
    }
    if fault.param:
        body["param"] = fault.param
    headers = (("X-Trellis-Request-Id", request_id), *fault.headers)
    return json_answer(fault.status, body, content_type=PROBLEM, headers=headers)


def _decide(call: Call) -> Answer:
    if call.asked is not None:
        asked = call.asked
        return _told(service.answer(asked.ask, away=asked.remembered, missed=asked.missed))
    gateway = gateway_keys.authenticate(gateway_keys.bearer(call.header("Authorization")), call.remote_address)
    call.drained = DRAINED_OF_GATEWAYS
    values = json_bodies.strict_object(json_body(call))
    call.request_id = request_ids.accepted(values.get("request_id", call.request_id))
    ask = read_ask(values, call.request_id, gateway.id)
    return _told(decided(ask, away=gateway.remembered, check=read_check(values)))


def _told(decision: Decision) -> Answer:
    return json_answer(200, presentation.full(decision), headers=presentation.rate_limit_headers(decision))


def read_check(values: dict[str, Any]) -> service.Check | None:
    """That the answer is not older than `at_least`. Raises Fault."""
    at_least = _at_least(values)
    return None if at_least is None else partial(_check_version, at_least)


def _check_version(at_least: int, decision: Decision) -> None:
    if decision.identity and decision.identity.rights_version < at_least:
        raise Fault(409, "version_ahead", _("No such rights version has been committed."), param="at_least")


def decided(ask: Ask, *, away: bool, check: service.Check | None) -> Decision:
    """The gateway may give the caller's query with the endpoint, and a token in it counts."""
    in_query = queries.read(ask.endpoint).tokens if "?" in ask.endpoint else ()
    if not in_query:
        return service.answer(ask, away=away, check=check)
    tokens = list(dict.fromkeys([*([] if ask.token is None else [ask.token]), *in_query]))
    ask = structs.replace(ask, token=tokens[0], token_in_query=True)
    return service.tokens_differ(ask) if len(tokens) > 1 else service.answer(ask, away=away, check=check)


def json_body(call: Call) -> bytes:
    """The body of a call that must be JSON in UTF-8, of at most 64 KiB. Raises Fault."""
    if call.header("Content-Type") != JSON:
        _check_media_type(call)
    if (call.header("Content-Encoding") or "identity").strip().lower() != "identity":
        raise Fault(415, "unsupported_media_type", _("Send the ask without compression."))
    body = call.body(MAX_BODY)
    if body is None:
        raise Fault(413, "too_large", _("An ask has at most 64 KiB."))
    return body


def _check_media_type(call: Call) -> None:
    parameters = (call.header("Content-Type") or "").lower().replace(" ", "").replace('"', "").split(";")[1:]
    charsets = {value for name, _sign, value in (p.partition("=") for p in parameters) if name == "charset"}
    if call.media_type != JSON or charsets - {"utf-8", "utf8"}:
        raise Fault(415, "unsupported_media_type", _("Send the ask as application/json in UTF-8."))


def read_ask(values: dict[str, Any], request_id: str, gateway: str = "") -> Ask:
    """Check every field that is known; others are ignored. null is the same as leaving a field out, and an empty
    `token` is a token, of wrong form. Raises Fault naming the field."""
    endpoint = _text(values, "endpoint")
    if endpoint is None:
        raise invalid("endpoint", _("“endpoint” is required: the path that the caller called."))
    permission = _text(values, "permission")
    permission = PERMISSIONS[0] if permission is None else permission
    if permission not in PERMISSIONS:
        raise invalid("permission", _("“permission” must be generate or download."))
    token = _text(values, "token")
    return Ask(
        endpoint=endpoint,
        token=token,
        model=_model(_text(values, "model"), endpoint),
        method=_method(values),
        origin=_text(values, "origin"),
        address=_address(values),
        permission=permission,
        cost=_cost(values),
        request_id=request_id,
        token_in_header=token is not None,
        gateway=gateway,
        at_least=_at_least(values) or 0,
    )


def _model(named: str | None, endpoint: str) -> str | None:
    return queries.only_model(named, *queries.read(endpoint).models) if "?" in endpoint else named or None


def _text(values: dict[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is None or (type(value) is str and value.isascii()):
        return value
    if not isinstance(value, str):
        raise invalid(name, _("“%(name)s” must be a text.") % {"name": name})
    if not json_bodies.is_text(value):
        raise invalid(name, _("“%(name)s” has half of a character.") % {"name": name})
    return value


def _method(values: dict[str, Any]) -> str:
    method = _text(values, "method")
    return "POST" if method is None else method


def _address(values: dict[str, Any]) -> Address | None:
    text = _text(values, "ip")
    address = gateway_keys.read_address(text) if text is not None else None
    if text is not None and address is None:
        raise invalid("ip", _("“ip” must be an IPv4 or IPv6 address."))
    return address


def _cost(values: dict[str, Any]) -> int | float:
    cost = values.get("cost")
    return 1 if cost is None else read_cost(cost)


def read_cost(cost: Any, *, free: bool = False) -> int | float:
    """`free`: whether it may be 0. Raises Fault."""
    if isinstance(cost, bool) or not isinstance(cost, int | float):
        raise invalid("cost", _("“cost” must be a number."))
    if free and cost == 0:
        return 0
    if not 0 < cost <= MAX_COST:
        above = _("“cost” must be above 0, and at most a thousand million.")
        raise invalid("cost", _("“cost” must be 0 or more, and at most a thousand million.") if free else above)
    return cost


def _at_least(values: dict[str, Any]) -> int | None:
    given = values.get("at_least")
    version = json_bodies.whole_number(given)
    if given is not None and version is None:
        raise invalid("at_least", _("“at_least” must be a rights version: a whole number, not negative."))
    return version


def invalid(name: str, detail: str) -> Fault:
    """A field of an ask that is missing or of wrong form."""
    return Fault(400, "invalid_ask", detail, param=name)
