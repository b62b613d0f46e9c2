"""Who may change gateways, and what a gateway's record may say."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.errors import Conflict, DomainError, Invalid
from accounts.models import User
from accounts.roles import Permission, require
from tokens.models import Gateway, GatewayKind, GatewayScope, GatewaySecret

# RFC 9110 allows more in a field name, but WSGI cannot tell `X_Model` from `X-Model`, so a client could send the other.
_HEADER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?")
# They mean something else to servers and proxies, or carry credentials.
_TAKEN: Final = frozenset(
    [
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-api-key",
        "x-gateway-key",
    ]
)
HEADER_FIELDS: Final = ("uri_header", "method_header", "address_header", "model_header")
_NEEDED: Final = frozenset({"uri_header", "method_header"})


def check_manage(user: User) -> None:
    require(user, Permission.GATEWAY_MANAGE)


def check_not_revoked(gateway: Gateway) -> None:
    if gateway.revoked_at is not None:
        raise Conflict(_("This gateway has been revoked, and that is for good. Add a new one."))


def can_change(user: User, gateway: Gateway) -> bool:
    try:
        check_manage(user)
        check_not_revoked(gateway)
    except DomainError:
        return False
    return True


def check_no_open_rotation(gateway: Gateway, now: datetime) -> None:
    closing = GatewaySecret.objects.filter(gateway=gateway, ends_at__gt=now).order_by("ends_at").last()
    if closing is not None and closing.ends_at is not None:
        at = _("%(time)s UTC") % {"time": date_format(closing.ends_at, "DATETIME_FORMAT")}
        message = _("A rotation is open: the old key works until %(at)s. Rotate again after that.")
        raise Conflict(message % {"at": at}, at=closing.ends_at)


def check_kind(kind: str) -> str:
    if kind not in GatewayKind.values:
        raise Invalid(_("Choose one of the kinds."), field="kind")
    return kind


def check_scopes(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    if not wanted or not wanted <= set(GatewayScope.values):
        raise Invalid(_("Choose at least one scope."), field="scopes")
    return [scope for scope in GatewayScope.values if scope in wanted]


def check_header(field: str, name: str) -> str:
    """One header's name as it will be compared. Raises Invalid for what a server reads in another way."""
    name = name.strip()
    if not name and field not in _NEEDED:
        return ""
    if not _HEADER.fullmatch(name) or name.lower() in _TAKEN:
        message = _("Give the name of a header that the gateway sets itself, such as X-Forwarded-Uri.")
        raise Invalid(message, field=field)
    return name


def check_headers_differ(gateway: Gateway) -> None:
    """One header means one thing."""
    seen: set[str] = set()
    for field in HEADER_FIELDS:
        name = getattr(gateway, field).lower()
        if name in seen:
            raise Invalid(_("Another of the four headers has this name."), field=field)
        if name:
            seen.add(name)
