"""Who asks: a gateway, known by its own key. Form and checksum first, with no I/O; then one query."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils.translation import gettext as _

from accounts.patience import patience
from tokens import keys
from tokens.gateway import clock, connections, usage
from tokens.gateway.ask import Address, Network
from tokens.gateway.http import Fault, variable

# Housekeeping reads all known gateways again each second, and at once when told of a change. So old a record is
# believed without asking; and while PostgreSQL cannot be read, so old a one.
BELIEVED_SECONDS = 3.0
REMEMBERED_SECONDS = 600
MAX_REMEMBERED = 1000
# While PostgreSQL does not answer, calls do not wait for it one after another: one of them asks again so often. (So
# does housekeeping, oftener; but a connection that has silently died may hold that up.)
ASKED_AGAIN_SECONDS = 10.0
PATIENCE_SECONDS: Final = 2.0
# Housekeeping knows that PostgreSQL hangs before the records that it read a second ago are too old to be believed: else
# the first calls after that would wait to learn it.
_REFRESH_PATIENCE: Final = 1.5

_QUERY = """
SELECT s.hash, g.public_id, g.kind, g.uri_header, g.method_header, g.address_header,
       g.model_header, g.scopes, g.networks
  FROM tokens_gatewaysecret s
  JOIN tokens_gateway g ON g.id = s.gateway_id
 WHERE s.hash = ANY(%s) AND (s.ends_at IS NULL OR s.ends_at > statement_timestamp()) AND g.revoked_at IS NULL
   AND (NOT g.demo OR %s)
"""


@dataclass(frozen=True, slots=True)
class GatewayRecord:
    """A gateway as it was registered. Each `*_header` is one that it sets itself; an empty one it does not set.
    `remembered`: PostgreSQL is away, and this is how the gateway was known before."""

    id: str
    kind: str
    uri_header: str
    method_header: str
    address_header: str
    model_header: str
    scopes: frozenset[str]
    networks: tuple[Network, ...] = ()
    remembered: bool = False
    # What WSGI calls the headers of URI, method, address and model.
    variables: tuple[str, str, str, str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        names = (self.uri_header, self.method_header, self.address_header, self.model_header)
        object.__setattr__(self, "variables", tuple(variable(name) for name in names))


_remembered: dict[bytes, tuple[float, GatewayRecord]] = {}
_NEVER: Final[tuple[float, None]] = (0.0, None)


def unauthorized(status: int = 401) -> Fault:
    """The one answer to every wrong key. It says nothing of any caller's token, nor what is wrong with the key."""
    challenge = (("WWW-Authenticate", 'Bearer realm="trellis gateway"'),) if status == 401 else ()
    message = _("This gateway is not known to Trellis. Its operator must check the gateway's own key.")
    return Fault(status, "gateway_unauthorized", message, headers=challenge)


def bearer(header: str | None) -> str | None:
    """The credential of an `Authorization: Bearer` header; None for any other."""
    scheme, _blank, credential = (header or "").strip().partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else None


def authenticate(text: str | None, remote_address: str, scope: str = "decide", *, status: int = 401) -> GatewayRecord:
    """The gateway whose key this is, if it may ask this from there. Raises Fault, the same for every wrong key."""
    digests = _digests(text) if text is not None else None
    gateway = _look_up(digests) if digests else None
    if gateway is None or scope not in gateway.scopes or not _within(gateway.networks, remote_address):
        raise unauthorized(status)
    return gateway


@lru_cache(maxsize=MAX_REMEMBERED)
def _digests(text: str) -> list[bytes]:
    """Its hashes, the current key's first; none of what is no gateway's key. The same few gateways ask all the time."""
    if keys.parse_gateway_key(text) is None:
        return []
    return list(keys.digests(text, settings.TOKEN_KEYS).values())


def believed(text: str, remote_address: str) -> GatewayRecord | None:
    """As `authenticate`, from memory alone: None where PostgreSQL must be asked, and for every wrong key."""
    digests = _digests(text)
    gateway = _believed(digests) if digests else None
    if gateway is None or "decide" not in gateway.scopes:
        return None
    return gateway if not gateway.networks or _within(gateway.networks, remote_address) else None


def _believed(digests: list[bytes]) -> GatewayRecord | None:
    at, known = _remembered.get(digests[0], _NEVER)
    if known is None or time.monotonic() - at >= BELIEVED_SECONDS:
        return None
    usage.note_gateway(known.id, clock.now())
    return known


class _Standing:
    """How PostgreSQL was found last. Who looks up a known gateway holds `turn`."""

    def __init__(self) -> None:
        self.turn = Lock()
        self.is_away, self.next_try = False, 0.0

    def found(self, *, away: bool) -> None:
        self.is_away, self.next_try = away, time.monotonic() + ASKED_AGAIN_SECONDS


_standing: Final = _Standing()


def _look_up(digests: list[bytes]) -> GatewayRecord | None:
    known = _believed(digests)
    if known is not None:
        return known
    remembered = _recall(digests)
    if remembered is None:
        return _ask(digests)
    if not _standing.turn.acquire(timeout=0 if _standing.is_away else PATIENCE_SECONDS):
        return remembered
    try:
        known = _believed(digests)
        if known is not None:
            return known
        if _standing.is_away and time.monotonic() < _standing.next_try:
            return remembered
        return _ask(digests)
    finally:
        _standing.turn.release()


def _ask(digests: list[bytes]) -> GatewayRecord | None:
    """Raises Fault where PostgreSQL does not answer and the gateway is not remembered."""
    began = time.monotonic()
    try:
        rows = connections.on_a_live_one(lambda: _read(digests))
    except (DatabaseError, InterfaceError) as error:
        _standing.found(away=True)
        known = _recall(digests)
        if known is None:
            message = _("Trellis cannot read its database at the moment. Try again shortly.")
            raise Fault(503, "unavailable", message, headers=(("Retry-After", "2"),)) from error
        return known
    finally:
        connections.release()
    _standing.found(away=False)
    if not rows:
        _forget(digests)
        return None
    gateway = _record(rows[0])
    usage.note_gateway(gateway.id, clock.now())
    _remember(digests[0], gateway, began)
    return gateway


def refresh() -> None:
    """Read all gateways again that this process knows. While it fails, calls go on with what is remembered. Raises
    django.db.Error."""
    known = list(_remembered)
    if not known:
        return
    began = time.monotonic()
    try:
        rows = {bytes(row["hash"]): row for row in _read(known, _REFRESH_PATIENCE)}
    except (DatabaseError, InterfaceError):
        _standing.found(away=True)
        raise
    _standing.found(away=False)
    for digest in known:
        if digest in rows:
            _remember(digest, _record(rows[digest]), began)
        else:
            _forget([digest])


def _read(digests: list[bytes], seconds: float = PATIENCE_SECONDS) -> list[Mapping[str, Any]]:
    with patience(seconds), connection.cursor() as cursor:
        cursor.execute(_QUERY, [digests, settings.DEMO])
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _record(row: Mapping[str, Any]) -> GatewayRecord:
    return GatewayRecord(
        id=row["public_id"],
        kind=row["kind"],
        uri_header=row["uri_header"],
        method_header=row["method_header"],
        address_header=row["address_header"],
        model_header=row["model_header"],
        scopes=frozenset(row["scopes"]),
        networks=tuple(ip_network(network) for network in row["networks"]),
    )


def _within(networks: tuple[Network, ...], remote_address: str) -> bool:
    if not networks:
        return True
    address = read_address(remote_address)
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=4096)
def read_address(text: str) -> Address | None:
    """An IP address, an IPv4 one written as IPv6 taken for what it is; None for all else, zones included."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if address.version == 4:
        return address
    return None if address.scope_id else address.ipv4_mapped or address


def _remember(digest: bytes, gateway: GatewayRecord, at: float) -> None:
    if len(_remembered) >= MAX_REMEMBERED:
        _remembered.clear()
    _remembered[digest] = (at, gateway)


def _recall(digests: Iterable[bytes]) -> GatewayRecord | None:
    for digest in digests:
        at, gateway = _remembered.get(digest, _NEVER)
        if gateway is not None and time.monotonic() - at < REMEMBERED_SECONDS:
            return replace(gateway, remembered=True)
    return None


def _forget(digests: Iterable[bytes]) -> None:
    for digest in digests:
        _remembered.pop(digest, None)


def forget_all() -> None:
    """For tests, which roll gateways back."""
    _remembered.clear()
    _digests.cache_clear()
    _standing.found(away=False)
