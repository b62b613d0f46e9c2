"""What a gateway forwarded of its caller's call: URI, method, address, origin, and every token and model in it.

Only the headers that the gateway's record names are believed, for it sets them itself; the caller's own are his token,
`Origin`, and the body with its type. A model that is named twice and differently is an error, not a choice: the
upstream might choose the other one.
"""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from tokens.gateway.ask import Address
from tokens.gateway.gateway_keys import GatewayRecord, read_address
from tokens.gateway.http import Call
from tokens.gateway.protocols import forwarded_bodies, queries

PREFIX = "/v1/forward-auth"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """`tokens` and `models` are all that differ; more than one token is refused, models never are more than one.
    `body_unread`: the body was too long to look into, so the model must be known without it."""

    uri: str
    method: str
    origin: str | None
    address: Address | None
    tokens: tuple[str, ...]
    token_in_query: bool
    token_in_header: bool
    model: str | None
    model_in_header: bool
    body_unread: bool


def read(call: Call, gateway: GatewayRecord) -> Forwarded:
    """Raises Fault where model or body cannot be read in one way only."""
    uri = _uri(call, gateway)
    query = queries.read(uri)
    in_header = header_tokens(call)
    header_model = model(call.header(gateway.model_header) or "")
    content = forwarded_bodies.read(call)
    return Forwarded(
        uri=uri,
        method=call.header(gateway.method_header) or call.method,
        origin=call.header("Origin"),
        address=address(call.header(gateway.address_header) or ""),
        tokens=tuple(dict.fromkeys([*in_header, *query.tokens])),
        token_in_query=bool(query.tokens),
        token_in_header=bool(in_header),
        # The body wins over the gateway's header, for the upstream reads the body. All else must agree.
        model=queries.only_model(*query.models, header_model if content.model is None else content.model),
        model_in_header=header_model is not None,
        body_unread=content.unread,
    )


def _uri(call: Call, gateway: GatewayRecord) -> str:
    """From the gateway's own header; else, as Envoy asks, from the path after ours. Without either there is none."""
    header = call.header(gateway.uri_header)
    if header is not None:
        return header
    path = quote(rest_of(call).encode("latin-1"))
    return f"{path}?{call.query}" if path and call.query else path


def rest_of(call: Call) -> str:
    """The path after ours, which the server has decoded already."""
    return call.path.removeprefix(PREFIX)


def header_tokens(call: Call) -> list[str]:
    """Whatever stands where a token belongs is one, if only a malformed one: never is a caller who sent something
    taken for one who sent nothing."""
    found = []
    authorization = call.header("Authorization")
    if authorization is not None:
        scheme, _blank, credential = authorization.strip().partition(" ")
        found.append(credential.strip() if scheme.lower() == "bearer" else "")
    key = call.header("X-Api-Key")
    return found if key is None else [*found, key.strip()]


@lru_cache(maxsize=4096)
def address(header: str) -> Address | None:
    """The last entry is the one that the gateway itself wrote. A port is left off."""
    text = header.rpartition(",")[2].strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return read_address(text)


@lru_cache(maxsize=1024)
def model(header: str) -> str | None:
    return header.strip().encode("latin-1").decode("utf-8", "replace") or None
