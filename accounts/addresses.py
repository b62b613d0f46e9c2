"""The client's network address, believing exactly as many proxies as the operator runs."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address of whoever called, or None where there is none (a unix socket without a proxy before it).

    Behind n trusted proxies it is the n-th entry of X-Forwarded-For from the right; all further left was written
    by the caller and is believed by nobody. With no trusted proxy the header is ignored."""
    trusted: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    entries = [entry for entry in request.headers.get("x-forwarded-for", "").split(",") if entry.strip()]
    if trusted and len(entries) >= trusted:
        return _address(entries[-trusted])
    return _address(request.META.get("REMOTE_ADDR", ""))


def _address(text: str) -> str | None:
    """An address as PostgreSQL's inet takes it: no brackets, no zone; a mapped IPv4 address as IPv4."""
    try:
        found = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
