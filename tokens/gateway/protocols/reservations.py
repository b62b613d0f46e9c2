"""`POST /v1/usage/reserve`, `/settle`, `/cancel`: for gateways that know what a call cost only afterwards.

All three are safe to send again: the gateway's `request_id` names the call.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from msgspec import structs

from accounts.wire import Away
from tokens import keys
from tokens.gateway import clock, gateway_keys, metering, request_ids, reservations, settling, store
from tokens.gateway.ask import Ask, Decision, Hold
from tokens.gateway.http import DRAINED_OF_GATEWAYS, Answer, Call, Fault, json_answer
from tokens.gateway.protocols import json_bodies, native, presentation, queries
from tokens.gateway.reservations import Known, Record

DEFAULT_SECONDS: Final = 300
MOST_SECONDS: Final = 3600
# Nobody's: of a call whose token is not one.
_NOBODY: Final = ""

Values = dict[str, Any]
Handler = Callable[[Call], Answer]


def _answering(do: Callable[[Call, gateway_keys.GatewayRecord, Values, str], Answer]) -> Handler:
    """What the three have in common: whose key it is, the body, and the name of the call."""

    def answer(call: Call) -> Answer:
        try:
            key = gateway_keys.bearer(call.header("Authorization"))
            gateway = gateway_keys.authenticate(key, call.remote_address, scope="usage")
            call.drained = DRAINED_OF_GATEWAYS
            values = json_bodies.strict_object(native.json_body(call))
            call.request_id = _request_id(values)
            return do(call, gateway, values, f"{gateway.id}:{call.request_id}")
        except Fault as fault:
            return native.problem(fault, call.request_id)

    return answer


def _request_id(values: Values) -> str:
    given = values.get("request_id")
    if not request_ids.is_one(given):
        raise native.invalid("request_id", _("“request_id” is required: 1 to 64 of A–Z, a–z, 0–9, _ and -."))
    return str(given)


# --- Reserve ----------------------------------------------------------------------------------------------


def _reserve(call: Call, gateway: gateway_keys.GatewayRecord, values: Values, name: str) -> Answer:
    if values.get("cost") is None:
        raise native.invalid("cost", _("“cost” is required: what the call will cost, as far as is known."))
    ask, seconds = native.read_ask(values, call.request_id, gateway.id), _seconds(values)
    ask = structs.replace(ask, hold=Hold(name, seconds, _asked(ask, seconds), _told))
    check = native.read_check(values)
    try:
        known = _known(name, ask, seconds)
        if known is not None:
            return _told_again(known, ask)
        decision = native.decided(ask, away=gateway.remembered, check=check)
    except Known as found:
        return _told_again(found.record, ask)
    body = presentation.full(decision) | {"reservation": _reservation(decision)}
    return json_answer(200, body, headers=presentation.rate_limit_headers(decision))


def _seconds(values: Values) -> int:
    given = values.get("expires_in")
    seconds = DEFAULT_SECONDS if given is None else json_bodies.whole_number(given)
    if seconds is None or not 1 <= seconds <= MOST_SECONDS:
        raise native.invalid("expires_in", _("“expires_in” must be a whole number of seconds, from 1 to 3600."))
    return seconds


def _asked(ask: Ask, seconds: int) -> str:
    """Tells apart two asks of one name; of the token its keyed hash alone."""
    parts = (_digest(ask.token), ask.endpoint, ask.model, ask.method, ask.permission, ask.cost, seconds)
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _digest(token: str | None) -> bytes | None:
    """Of what has not even a token's form, which may be any text, nothing is held, so nothing has to be told apart."""
    if token is None or keys.parse_token(token) is None:
        return None
    return next(iter(keys.digests(token, settings.TOKEN_KEYS).values()))


def _known(name: str, ask: Ask, seconds: int) -> Record | None:
    """What is remembered under this name; Redis that is away remembers nothing. Raises Fault."""
    owner = _owner(ask)
    if owner == _NOBODY:
        return None
    try:
        if reservations.claim(name, owner, seconds) != owner:
            raise _reused()
        return reservations.find(owner, name)
    except Away:
        return None


def _owner(ask: Ask) -> str:
    """By what the tokens say; of two that differ, nothing comes anyway."""
    token = next((one for one in (ask.token, *queries.read(ask.endpoint).tokens) if one is not None), None)
    if token is None:
        return store.of_address(metering.bucket(ask))
    key = keys.parse_token(token)
    return _NOBODY if key is None else key.owner


def _told(decision: Decision) -> bytes:
    return json.dumps(presentation.full(decision), separators=(",", ":")).encode("ascii")


def _told_again(record: Record, ask: Ask) -> Answer:
    if ask.hold is None or record.asked not in {ask.hold.asked, ""}:
        raise _reused()
    if record.state != "held":
        raise _ended(record.state)
    now = clock.now()
    limits = metering.states_at_once(record.states, record.at_once, record.scopes, now)
    told = Decision(ask, datetime.fromtimestamp(now, UTC), limits=limits)
    body = json.loads(record.told) | ({"limits": presentation.limits(limits)} if limits else {})
    body |= {"reservation": _described(ask, record.ends)}
    return json_answer(200, body, headers=presentation.rate_limit_headers(told))


def _reservation(decision: Decision) -> dict[str, Any] | None:
    """None where nothing is held: it was refused, or something was away."""
    if decision.held_until is None:
        return None
    return _described(decision.ask, decision.held_until)


def _described(ask: Ask, ends: datetime) -> dict[str, Any]:
    return {"request_id": ask.request_id, "cost": ask.cost, "expires_at": presentation.timestamp(ends)}


# --- Settle and cancel ------------------------------------------------------------------------------------


def _settle(call: Call, gateway: gateway_keys.GatewayRecord, values: Values, name: str) -> Answer:
    cost = values.get("cost")
    if cost is None:
        raise native.invalid("cost", _("“cost” is required: what the call has cost."))
    cost = native.read_cost(cost, free=True)
    ask = native.read_ask({"endpoint": "", **_given(values)}, call.request_id, gateway.id)
    try:
        outcome = settling.settle(name, ask, cost)
    except Away as error:
        raise _away() from error
    if outcome not in settling.DONE:
        raise _ended(outcome)
    return json_answer(200, {"request_id": call.request_id, "state": "settled", "cost": cost})


def _given(values: Values) -> Values:
    return {name: value for name in ("token", "model", "endpoint", "method") if (value := values.get(name)) is not None}


def _cancel(call: Call, gateway: gateway_keys.GatewayRecord, values: Values, name: str) -> Answer:
    token = native.read_ask({"endpoint": "", **_given(values)}, call.request_id).token
    try:
        outcome = settling.cancel(name, token)
    except Away as error:
        raise _away() from error
    if outcome != "cancelled":
        raise _ended(outcome)
    return json_answer(200, {"request_id": call.request_id, "state": "cancelled"})


def _reused() -> Fault:
    message = _("This request id is already that of another call.")
    return Fault(409, "request_id_reused", message, param="request_id")


def _ended(state: str) -> Fault:
    """Why nothing can be done with a call any more."""
    if state == "differs":
        return Fault(409, "reservation_settled", _("This call was settled before, with another cost."))
    if state == "settled":
        return Fault(409, "reservation_settled", _("This call was settled."))
    if state == "cancelled":
        return Fault(409, "reservation_cancelled", _("This call was cancelled."))
    if state == "expired":
        message = _("The time of this reservation is over, and what it held was given back.")
        return Fault(409, "reservation_expired", message)
    return Fault(404, "reservation_unknown", _("No reservation of this request id is known."), param="request_id")


def _away() -> Fault:
    message = _("Trellis cannot reach its Redis at the moment. Send the same again shortly.")
    return Fault(503, "unavailable", message, headers=(("Retry-After", "2"),))


reserve: Final = _answering(_reserve)
settle: Final = _answering(_settle)
cancel: Final = _answering(_cancel)
