"""Host names and patterns of them: normalise, validate, match. Pure; no network, no database.

A host is kept as browsers send it: lower case, IDNA A-labels (`xn--…`), no trailing dot, IPv6 in brackets.
A pattern is a host, or `*.` and a host, which stands for one or more labels before it and never for the host itself.
Ports are not matched: whoever controls a host controls its ports.
"""

import ipaddress
import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import idna

WILDCARD: Final = "*."
MAX_LENGTH: Final = 253
_MAX_INPUT: Final = 1024  # IDNA's mapping is slow on long input
# Underscores are no part of host names by RFC 1123, but sites have them and browsers send them.
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# What browsers read as an IPv4 address (WHATWG "ends in a number"), and so never send as a name.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ORIGIN: Final = re.compile(r"(?:http|https)://([^/?#@\\\s]+?)(?::[0-9]{1,5})?", re.IGNORECASE)


class HostError(ValueError):
    """The text is no host name or pattern."""


@lru_cache(maxsize=4096)
def normalise_host(text: str) -> str:
    """The one written form of a host name or address. Raises HostError."""
    if not text or len(text) > _MAX_INPUT:
        raise HostError(text[:80])
    if text.startswith("["):
        return _ipv6(text)
    host = _ascii(text).removesuffix(".")
    labels = host.split(".")
    if len(host) > MAX_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise HostError(text[:80])
    return _ipv4(host) if _NUMBER.fullmatch(labels[-1]) else host


def _ascii(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        mapped = idna.uts46_remap(text, std3_rules=False, transitional=False)
        return mapped if mapped.isascii() else idna.encode(mapped).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise HostError(text[:80]) from error


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ipaddress.AddressValueError as error:
        raise HostError(text) from error


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text.removeprefix("[").removesuffix("]"))
    except ipaddress.AddressValueError as error:
        raise HostError(text[:80]) from error
    if not text.endswith("]") or address.scope_id is not None:
        raise HostError(text[:80])
    return f"[{address}]"


def is_address(host: str) -> bool:
    """Whether a normalised host is an IP address."""
    return host.startswith("[") or host.rpartition(".")[2].isdecimal()


def is_provable(pattern: str) -> bool:
    """Whether control of it can be shown at all: addresses and localhost belong to no one."""
    return not is_address(pattern) and "." in pattern and not pattern.endswith(".localhost")


def normalise_pattern(text: str) -> str:
    """What a person typed or pasted, as a pattern: a scheme and a last slash are forgiven, a path or a port is not.

    A bare top-level name and a wildcard over an address or a top-level name are refused. Raises HostError."""
    text = re.sub(r"\Ahttps?://", "", text.strip(), flags=re.IGNORECASE).removesuffix("/")
    wildcard = text.startswith(WILDCARD)
    host = normalise_host(text.removeprefix(WILDCARD) if wildcard else text)
    if wildcard and (is_address(host) or "." not in host or len(WILDCARD + host) > MAX_LENGTH):
        raise HostError(text[:80])
    if "." not in host and host != "localhost" and not is_address(host):
        raise HostError(text[:80])
    return WILDCARD + host if wildcard else host


def host_matches(pattern: str, host: str) -> bool:
    """Whether a host is what a pattern stands for. Either may come unnormalised; what is no host matches nothing."""
    try:
        wanted = normalise_host(pattern.removeprefix(WILDCARD))
        given = normalise_host(host)
    except HostError:
        return False
    if not pattern.startswith(WILDCARD):
        return given == wanted
    return not is_address(wanted) and given.endswith("." + wanted)


def origin_host(origin: str) -> str | None:
    """The host of an `Origin` header; None for `null`, for other schemes, and for all that is no single origin."""
    match = _ORIGIN.fullmatch(origin.removesuffix("/"))
    if match is None:
        return None
    try:
        return normalise_host(match[1])
    except HostError:
        return None


def site_host(url: str) -> str | None:
    """The host of an http or https address of a website, without user name; None for any other text."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.username is not None or parts.password is not None:
            return None
        _ = parts.port
        return normalise_host(f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "")
    except ValueError:
        return None
