"""The gateways as administrators see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Prefetch, QuerySet

from accounts.models import AuditEvent
from tokens.models import Gateway, GatewaySecret

# `last_used_at` is noted at most every few minutes, so silence shorter than this says nothing.
QUIET_AFTER: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Row:
    """A gateway, its current key, and the one that a rotation lets run out. `tone` and `state` say how it is."""

    gateway: Gateway
    current: GatewaySecret | None
    closing: GatewaySecret | None
    state: str


def gateways() -> QuerySet[Gateway]:
    secrets = Prefetch("secrets", queryset=GatewaySecret.objects.order_by("-id"))
    return Gateway.objects.select_related("created_by", "revoked_by").prefetch_related(secrets)


def rows(found: Iterable[Gateway], now: datetime) -> list[Row]:
    return [row(gateway, now) for gateway in found]


def row(gateway: Gateway, now: datetime) -> Row:
    secrets = list(gateway.secrets.all())
    current = next((secret for secret in secrets if secret.ends_at is None), None)
    closing = next((secret for secret in secrets if secret.ends_at is not None and secret.ends_at > now), None)
    return Row(gateway, current, closing, _state(gateway, now))


def _state(gateway: Gateway, now: datetime) -> str:
    """`revoked`, `new` (never heard of), `quiet` (for a week), or `live`."""
    if gateway.revoked_at is not None:
        return "revoked"
    if gateway.last_used_at is None:
        return "new"
    return "quiet" if now - gateway.last_used_at > QUIET_AFTER else "live"


def history(gateway: Gateway) -> list[AuditEvent]:
    found = AuditEvent.objects.filter(subject_type="Gateway", subject_id=gateway.public_id)
    return list(found.select_related("actor").order_by("-id")[:10])


@dataclass(frozen=True, slots=True)
class Sent:
    """One header that the gateway has to send: its name, nginx's variable for it, and what it is in words."""

    name: str
    variable: str
    meaning: str


def sent_by(gateway: Gateway) -> list[Sent]:
    """The headers of a question, in the order of the record. What is empty is not sent."""
    found = [
        Sent(gateway.uri_header, "$request_uri", "uri"),
        Sent(gateway.method_header, "$request_method", "method"),
        Sent(gateway.address_header, "$remote_addr", "address"),
        Sent(gateway.model_header, "$trellis_model", "model"),
    ]
    return [sent for sent in found if sent.name]
