"""Calls to addresses that strangers give us. Where a name leads is checked after it is resolved, and it is that very
address that is connected to, so that a second answer of the DNS cannot lead elsewhere (rebinding).

Each redirect is checked as the first call is. No proxies, cookies or credentials; nothing is decompressed."""

import ipaddress
import ssl
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import certifi
import dns.exception
import dns.resolver
import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SECONDS: Final = 5.0
MOST_BYTES: Final = 64 * 1024
MOST_REDIRECTS: Final = 3
PORTS: Final = frozenset({80, 443})
# `is_global` of Python 3.11 counts these as global; multicast, too, is no place to call.
_REFUSED: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "2001::/23",  # Teredo and other special uses
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",
    )
)
# All IPv6 outside it is local, multicast, or an IPv4 address in disguise (mapped, NAT64).
_IPV6_UNICAST: Final = ipaddress.ip_network("2000::/3")


class OutgoingError(Exception):
    """The call was refused or failed. The message is for logs and people alike; it names no internal address."""


class Refused(OutgoingError):
    """It leads where we do not call."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`url` is the address that answered in the end, `content_type` what it says that its body is."""

    status: int
    body: bytes
    url: str = ""
    content_type: str = ""


def fetch(url: str, *, cut: bool = False) -> Fetched:
    """GET a public http or https address, in 5 seconds and 64 KiB at most: a longer answer is an error, or `cut` there.
    Raises OutgoingError."""
    deadline = time.monotonic() + SECONDS
    transport = _Transport(deadline)
    try:
        with httpx.Client(transport=transport, trust_env=False, timeout=SECONDS, follow_redirects=False) as client:
            request = client.build_request("GET", url, headers=_headers())
            for _attempt in range(MOST_REDIRECTS + 1):
                fetched, following = _send(client, request, deadline, cut)
                if following is None:
                    return fetched
                request = _next(request, following)
    except (httpx.InvalidURL, UnicodeError) as error:  # The latter of a host that is no Punycode.
        raise Refused(_("this is no address that can be called")) from error
    except (httpx.HTTPError, ssl.SSLError) as error:
        raise OutgoingError(_in_words(error)) from error
    raise OutgoingError(_("too many redirects"))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _in_words(error: BaseException) -> str:
    """The library's own are English, and tell of sockets."""
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return _("its certificate cannot be trusted")
    if isinstance(error, httpx.TimeoutException):
        return _("the answer took too long")
    if isinstance(error, httpx.ConnectError):
        return _("the host cannot be reached")
    return _("the connection broke off, or was none of the web")


def _send(
    client: httpx.Client, request: httpx.Request, deadline: float, cut: bool
) -> tuple[Fetched, httpx.Request | None]:
    if request.url.scheme not in {"http", "https"} or request.url.userinfo:
        raise Refused(_("only plain http and https addresses are called"))
    response = client.send(request, stream=True)
    try:
        if response.next_request is not None:
            return Fetched(response.status_code, b""), response.next_request
        said = response.headers.get("content-type", "")
        return Fetched(response.status_code, _body(response, deadline, cut), str(request.url), said), None
    finally:
        response.close()


def _body(response: httpx.Response, deadline: float, cut: bool) -> bytes:
    """As it came: what is compressed stays so, so that no small answer unpacks to a large one."""
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MOST_BYTES and cut:
            return body[:MOST_BYTES]
        if len(body) > MOST_BYTES:
            raise OutgoingError(_("the answer is larger than 64 KiB"))
        if time.monotonic() > deadline:
            raise OutgoingError(_("the answer took too long"))
    return body


def _next(request: httpx.Request, following: httpx.Request) -> httpx.Request:
    if request.url.scheme == "https" and following.url.scheme != "https":
        raise Refused(_("a redirect from https to http is not followed"))
    return httpx.Request("GET", following.url, headers=_headers())


def _headers() -> dict[str, str]:
    return {"User-Agent": "Trellis", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


def resolver() -> dns.resolver.Resolver:
    """The system's DNS, or the servers of the setting. It bounds its time, which the system's own lookup does not."""
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    found = dns.resolver.Resolver(configure=False)
    found.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in settings.DNS_SERVERS]
    return found


def resolve(host: str, seconds: float) -> list[Address]:
    """Every address of a host. Raises OutgoingError where it has none."""
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    try:
        answers = resolver().resolve_name(dns.name.from_text(host), lifetime=max(seconds, 0.01), search=False)
        return [ipaddress.ip_address(text) for text in answers.addresses()]
    except (dns.exception.DNSException, UnicodeError, OSError) as error:
        raise OutgoingError(_("the host name has no address")) from error


def check_address(address: Address, port: int) -> None:
    """Raise Refused unless it is a public address and a port of the web, or the setting for tests allows it."""
    if any(address in network for network in _allowed(tuple(settings.OUTGOING_ALLOWED_NETWORKS))):
        return
    if not is_public(address):
        raise Refused(_("the host name leads to an address that is not public"))
    if port not in PORTS:
        raise Refused(_("only the ports 80 and 443 are called"))


def is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if address.version == 6 and address not in _IPV6_UNICAST:
        return False
    return not any(address in network for network in _REFUSED)


@lru_cache(maxsize=8)
def _allowed(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The system's authorities (SSL_CERT_FILE is honoured) and, where it has none, certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class _Transport(httpx.HTTPTransport):
    """httpx's own transport, over connections that are checked."""

    def __init__(self, deadline: float) -> None:
        context = _tls()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=_CheckedNetwork(deadline))


class _CheckedNetwork(httpcore.NetworkBackend):
    def __init__(self, deadline: float) -> None:
        self._deadline, self._network = deadline, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = resolve(host, _left(self._deadline))
        for address in addresses:
            check_address(address, port)
        failure: Exception = httpcore.ConnectError(_("the host cannot be reached"))
        for address in addresses[:4]:
            try:
                stream = self._network.connect_tcp(
                    str(address), port, _left(self._deadline), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            peer = stream.get_extra_info("server_addr")
            check_address(ipaddress.ip_address(peer[0]), port)
            return _TimedStream(stream, self._deadline)
        raise failure

    def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        raise Refused(_("sockets of this machine are not called"))


class _TimedStream(httpcore.NetworkStream):
    """Holds every step to one deadline, so that a server that sends a byte a second is not waited for."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout(_("the call took too long"))
    return left
