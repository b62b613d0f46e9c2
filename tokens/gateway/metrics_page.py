"""`GET /metrics`: figures for Prometheus, of all processes that share the folder. They name no workspace and no person,
but they are not for everybody: with METRICS_TOKEN they are for who has it, and else for this machine alone."""

import hmac
import ipaddress
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from tokens.gateway import metrics, review_standing
from tokens.gateway.http import Answer, Call, Fault
from tokens.gateway.standing import Standing

# A proxy on this machine says by one of these that the caller is somebody else.
_PASSED_ON: Final = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
_standing = Standing()
_review = Standing(review_standing.read, review_standing.KEPT_SECONDS)


def page(call: Call) -> Answer:
    """Raises Fault."""
    _check(call)
    metrics.flush()
    registry = CollectorRegistry()
    MultiProcessCollector(registry, settings.METRICS_DIR)  # type: ignore[no-untyped-call]
    registry.register(_standing)
    registry.register(_review)
    encode, content_type = choose_encoder(call.header("Accept") or "")
    return Answer(200, encode(registry), content_type)


def _check(call: Call) -> None:
    if settings.METRICS_TOKEN:
        kind, _space, given = (call.header("Authorization") or "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode()):
            return
        message = _("The figures are for who has METRICS_TOKEN, as a bearer.")
        raise Fault(401, "metrics_unauthorized", message, headers=(("WWW-Authenticate", "Bearer"),))
    if not _is_this_machine(call.remote_address) or any(call.header(name) for name in _PASSED_ON):
        raise Fault(403, "metrics_local_only", _("Without METRICS_TOKEN, the figures are for this machine alone."))


def _is_this_machine(address: str) -> bool:
    """An empty address is a unix socket's."""
    try:
        return not address or ipaddress.ip_address(address.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False
