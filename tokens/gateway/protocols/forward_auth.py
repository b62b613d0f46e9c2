"""`ANY /v1/forward-auth`: a proxy asks whether it may pass a call on, and passes a refusal back to its caller."""

from functools import lru_cache, partial
from urllib.parse import parse_qsl, quote

from django.utils.translation import gettext as _

from tokens.gateway import catalogues, clock, gateway_keys, service
from tokens.gateway.ask import Ask, Asked, Decision
from tokens.gateway.gateway_keys import GatewayRecord
from tokens.gateway.http import DRAINED_OF_GATEWAYS, Answer, Call, Fault, Headers, method_not_allowed
from tokens.gateway.protocols import forwarded, nginx, openai_errors, presentation, queries
from tokens.gateway.protocols.forwarded import Forwarded

AUTH_REQUEST, ACCEL = "nginx", "nginx-accel"
# Any method of HTTP's own. An operation may have no other, and OpenAPI has no word for one.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def forward_auth(call: Call) -> Answer:
    """`?for=` says how the proxy wants its answer. A wrong key is 500, so that no caller blames its own token."""
    style = _style(call)
    try:
        answer = _answer(call, style)
    except Fault as fault:
        answer = openai_errors.of_fault(fault, call.request_id)
    return nginx.auth_request(answer) if style == AUTH_REQUEST else answer


def _style(call: Call) -> str:
    """A query after a path of the caller's is the caller's too."""
    return "" if forwarded.rest_of(call) else dict(parse_qsl(call.query)).get("for", "")


def _answer(call: Call, style: str) -> Answer:
    decision = _ordinary(call.asked) if call.asked else _decided(call)
    if not decision.allow:
        return openai_errors.of_decision(decision)
    headers = allowed_headers(decision)
    return Answer(200, headers=(*headers, nginx.ACCEL_REDIRECT) if style == ACCEL else headers)


def _ordinary(asked: Asked) -> Decision:
    """Its models were found to agree before it was asked."""
    return service.answer(asked.ask, away=asked.remembered, missed=asked.missed)


def _decided(call: Call) -> Decision:
    if call.method not in METHODS:
        raise method_not_allowed(METHODS)
    gateway = gateway_keys.authenticate(call.header("X-Gateway-Key"), call.remote_address, status=500)
    call.drained = DRAINED_OF_GATEWAYS
    asked = forwarded.read(call, gateway)
    return _decide(asked, call.request_id, gateway)


def _decide(asked: Forwarded, request_id: str, gateway: GatewayRecord) -> Decision:
    ask = ask_of(asked, request_id, gateway)
    if len(asked.tokens) > 1:
        return service.tokens_differ(ask)
    return service.answer(ask, away=gateway.remembered, check=partial(_check, asked))


def ask_of(asked: Forwarded, request_id: str, gateway: GatewayRecord) -> Ask:
    return Ask(
        endpoint=asked.uri,
        token=asked.tokens[0] if asked.tokens else None,
        model=asked.model,
        method=asked.method,
        origin=asked.origin,
        address=asked.address,
        request_id=request_id,
        token_in_query=asked.token_in_query,
        token_in_header=asked.token_in_header,
        gateway=gateway.id,
    )


def _check(asked: Forwarded, decision: Decision) -> None:
    if not _is_about_the_token(decision):
        _check_model(asked)


def _is_about_the_token(decision: Decision) -> bool:
    """Such a refusal stands, whatever is wrong with the rest of the call; and nothing else may be told before it."""
    reason = decision.reason
    return reason is not None and (reason.param == "token" or reason.code == "unavailable")


def _check_model(asked: Forwarded) -> None:
    """The model in the path must be the one named elsewhere. A body that was not read might name any, so the model
    must be where no caller's body can change it: in the path or the gateway's header. Raises Fault."""
    verdicts = catalogues.verdicts(clock.now(), at_any_age=True)
    in_path = verdicts.model_in_path(asked.method, asked.uri) if verdicts else None
    if in_path and asked.model and in_path != asked.model:
        raise queries.ambiguous(_("The path names one model and the call another. Name one."))
    if asked.body_unread and not (in_path or asked.model_in_header):
        message = _("The body is too long, or packed, to look for the model in it. Send at most 1 MiB, unpacked.")
        raise Fault(413, "too_large", message, param="model")


@lru_cache(maxsize=4096)
def quoted(slug: str) -> str:
    return quote(slug, safe="")


def allowed_headers(decision: Decision) -> Headers:
    """What the gateway may pass on to its upstream, and the limits, which are its caller's. Slugs may hold any
    letters, so they are percent-encoded."""
    headers = [("X-Trellis-Request-Id", decision.ask.request_id)]
    if decision.identity:
        headers.append(("X-Trellis-Application", quoted(decision.identity.slug)))
        headers.append(("X-Trellis-Workspace", decision.identity.workspace))
    if decision.tier:
        headers.append(("X-Trellis-Tier", decision.tier.slug))
    return (*headers, *presentation.rate_limit_headers(decision))
