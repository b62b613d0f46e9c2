"""The ordinary call of the two addresses that gateways use all day, answered in one piece: read, allowed by the stored
pass, told.

The general way beside it (`native.py`, `forward_auth.py`) is the truth. What is unusual about a call is left to it,
with what was read of the call already; and so is every ask that is not allowed at once. Tests hold the two together.
"""

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

import msgspec

from tokens import keys
from tokens.gateway import express, gateway_keys, heads, request_ids, service
from tokens.gateway.ask import Ask, Asked, Missed
from tokens.gateway.express import Allow, Taking
from tokens.gateway.gateway_keys import GatewayRecord
from tokens.gateway.http import DRAINED_OF_GATEWAYS, JSON, READ_AT_ONCE, Call, Ready
from tokens.gateway.protocols import forwarded, native, nginx, ordinary_answers
from tokens.gateway.protocols.forward_auth import ACCEL, AUTH_REQUEST, METHODS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_BEARER: Final = "Bearer "
_CREDENTIAL: Final = slice(len(_BEARER), None)
_NO_BODY: Final = frozenset({"", "0"})
Tell = Callable[[Allow], Ready]
# What a proxy wants beside the answer, by the query that it asks with.
_FORWARDED: Final[dict[str, Tell]] = {
    "": ordinary_answers.forward_auth,
    f"for={AUTH_REQUEST}": ordinary_answers.forward_auth,
    f"for={ACCEL}": partial(ordinary_answers.forward_auth, more=(nginx.ACCEL_REDIRECT,)),
}
QUERIES: Final = tuple(_FORWARDED)


class Body(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The fields of an ordinary ask. null is the same as leaving a field out."""

    token: str
    endpoint: str
    model: str | None = None
    method: str | None = None
    origin: str | None = None
    ip: str | None = None
    permission: str | None = None
    cost: int | float | None = None
    request_id: str | None = None

    def quotes(self) -> int:
        """How many quotation marks the fields take, if each is there once."""
        texts = (self.model, self.method, self.origin, self.ip, self.permission, self.request_id)
        return 8 + 4 * (len(texts) - texts.count(None)) + (0 if self.cost is None else 2)


class Asking(msgspec.Struct, frozen=True):
    """An ordinary ask on its way to Redis. `begun`: by `perf_counter()`."""

    environ: "WSGIEnvironment"
    taking: Taking
    gateway: GatewayRecord
    tell: Tell
    begun: float


_decode = msgspec.json.Decoder(Body).decode


def decisions(environ: "WSGIEnvironment") -> Ready | Call | Asking:
    """`POST /v1/decisions`."""
    begun = perf_counter()
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    length = environ.get("CONTENT_LENGTH", "")
    if (
        environ["REQUEST_METHOD"] != "POST"
        or environ.get("CONTENT_TYPE") != JSON
        or "HTTP_CONTENT_ENCODING" in environ
        or not authorization.startswith(_BEARER)
        or not (length.isdecimal() and length.isascii() and len(length) <= heads.DIGITS)
    ):
        return Call(environ)
    gateway = gateway_keys.believed(authorization[_CREDENTIAL], environ.get("REMOTE_ADDR", ""))
    if gateway is None:
        return Call(environ)
    size = int(length)
    raw = environ["wsgi.input"].read(size)
    body = read_body(raw) if len(raw) == size else None
    ask = read_ask(body, gateway) if body else None
    if body is None or ask is None:
        return Call(environ, begun=raw)
    workspace = keys.workspace_of(body.token)
    if workspace is None:
        service.note_malformed(begun)
        return ordinary_answers.malformed(ask.request_id, environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    taking = express.begin(ask, body.token, workspace)
    if taking is None:
        return _left_over(environ, ask, gateway, express.NOTHING)
    return Asking(environ, taking, gateway, ordinary_answers.decision, begun)


def read_body(raw: bytes) -> Body | None:
    """None for what is unusual: not ASCII, something escaped, other fields, a field twice, or a mistake."""
    if not raw.isascii() or b"\\" in raw:
        return None
    try:
        body = _decode(raw)
    except msgspec.DecodeError:
        return None
    return body if raw.count(b'"') == body.quotes() else None


def read_ask(body: Body, gateway: GatewayRecord) -> Ask | None:
    """None for what is unusual: a query in the endpoint, or a mistake."""
    cost = 1 if body.cost is None else body.cost
    permission = native.PERMISSIONS[0] if body.permission is None else body.permission
    address = None if body.ip is None else gateway_keys.read_address(body.ip)
    if (
        "?" in body.endpoint
        or permission not in native.PERMISSIONS
        or not 0 < cost <= native.MAX_COST
        or (address is None and body.ip is not None)
    ):
        return None
    return Ask(
        endpoint=body.endpoint,
        token=body.token,
        model=body.model or None,
        method="POST" if body.method is None else body.method,
        origin=body.origin,
        address=address,
        permission=permission,
        cost=cost,
        request_id=request_ids.accepted(body.request_id),
        token_in_header=True,
        gateway=gateway.id,
    )


def forward_auth(environ: "WSGIEnvironment") -> Ready | Call | Asking:
    """`GET /v1/forward-auth`, without a body."""
    begun = perf_counter()
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    tell = _FORWARDED.get(environ.get("QUERY_STRING", ""))
    if (
        tell is None
        or environ["REQUEST_METHOD"] not in METHODS
        or "HTTP_CONTENT_ENCODING" in environ
        or "HTTP_X_API_KEY" in environ
        or not authorization.startswith(_BEARER)
        or environ.get("CONTENT_LENGTH", "") not in _NO_BODY
    ):
        return Call(environ)
    token = authorization[_CREDENTIAL]
    workspace = keys.workspace_of(token)
    gateway = gateway_keys.believed(environ.get("HTTP_X_GATEWAY_KEY", ""), environ.get("REMOTE_ADDR", ""))
    ask = read_forwarded(environ, token, gateway) if gateway else None
    if workspace is None or gateway is None or ask is None:
        return Call(environ)
    body = environ["wsgi.input"].read(READ_AT_ONCE) if environ.get("wsgi.input_terminated") else b""
    if body:
        return Call(environ, begun=body)
    taking = express.begin(ask, token, workspace)
    if taking is None or _names_another_model(taking):
        return Call(environ)
    return Asking(environ, taking, gateway, tell, begun)


def read_forwarded(environ: "WSGIEnvironment", token: str, gateway: GatewayRecord) -> Ask | None:
    """None for what is unusual: no URI, or a query in it."""
    of_uri, of_method, of_address, of_model = gateway.variables
    uri = environ.get(of_uri)
    if uri is None or "?" in uri:
        return None
    return Ask(
        endpoint=uri,
        token=token,
        model=forwarded.model(environ.get(of_model, "")),
        method=environ.get(of_method) or environ["REQUEST_METHOD"],
        origin=environ.get("HTTP_ORIGIN"),
        address=forwarded.address(environ.get(of_address, "")),
        request_id=request_ids.new(),
        token_in_header=True,
        gateway=gateway.id,
    )


def _names_another_model(taking: Taking) -> bool:
    """Whether the path does than the gateway's header."""
    ask = taking.ask
    return ask.model is not None and taking.verdicts.model_in_path(ask.method, ask.endpoint) not in (None, ask.model)


def finished(asking: Asking, found: Allow | Missed) -> Ready | Call:
    """What is told, or the call as far as it was read."""
    if not isinstance(found, Allow):
        return _left_over(asking.environ, asking.taking.ask, asking.gateway, found)
    service.note_allow(found, asking.begun)
    return asking.tell(found)


def _left_over(environ: "WSGIEnvironment", ask: Ask, gateway: GatewayRecord, missed: Missed) -> Call:
    """All of its body was read."""
    return Call(environ, DRAINED_OF_GATEWAYS, ask.request_id, asked=Asked(ask, gateway.remembered, missed))
