"""Shops that speak Standard Webhooks and send the order payload of `docs/payments.md`: they tell, and are not asked."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from accounts.encryption import unseal
from tiers.models import Order, ProviderEvent, WebhookSecret
from tiers.order_states import Event
from tiers.payments import order_payload
from tiers.payments.interface import BadSignature, NotPossible, Received

ASKS: Final = False
SEALED_FOR: Final = "webhooks"
_ID, _TIMESTAMP, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def is_on() -> bool:
    return True


def sells(order: Order) -> bool:
    """Such a shop sells on pages of its own."""
    return False


def receive(headers: Mapping[str, str], body: bytes, source: str) -> Received:
    return received(headers, body, _secrets(source))


def received(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> Received:
    """A message in the form of Standard Webhooks that one of the secrets signed. Raises BadSignature."""
    verify(headers, body, secrets)
    kind, reference = order_payload.envelope(body)
    return Received(
        event_id=(name := event_id(headers[_ID])),
        kind=kind,
        body=body,
        reference=reference,
        headers={_ID: name, _TIMESTAMP: headers[_TIMESTAMP]},
    )


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> None:
    """Raises BadSignature unless one of the secrets signed it, less than five minutes ago."""
    signed = {name: headers.get(name, "") for name in (_ID, _TIMESTAMP, _SIGNATURE)}
    for secret in secrets:
        try:
            Webhook(secret).verify(body, signed, json_parse=False)
        except (WebhookVerificationError, EmptyWebhookSecretError, ValueError):
            continue
        return
    raise BadSignature


def event_id(given: str) -> str:
    """The sender's id of the message; of one too long to be kept, its hash."""
    return (
        given if len(given) <= 255 and given.isprintable() else f"sha256:{hashlib.sha256(given.encode()).hexdigest()}"
    )


def _secrets(source: str) -> Iterator[str]:
    """Those that are good now. A demo's are known to everybody, so they count in a demo alone."""
    live = WebhookSecret.objects.filter(source__name=source, source__retired_at=None)
    if not settings.DEMO:
        live = live.filter(source__demo=False)
    for sealed in live.filter(Q(ends_at=None) | Q(ends_at__gt=Now())).values_list("sealed", flat=True):
        yield unseal(sealed, SEALED_FOR)


def events(stored: ProviderEvent) -> list[Event]:
    return order_payload.events(stored)


def locate(stored: ProviderEvent) -> str:
    return ""


def fetch(order: Order) -> list[Event]:
    return []


def start_checkout(order: Order, *, back: str) -> str:
    raise NotPossible


def refund(order: Order, amount: int) -> None:
    raise NotPossible


def cancel(order: Order) -> None:
    raise NotPossible


def resume(order: Order) -> None:
    raise NotPossible


def recent(since: datetime) -> Iterator[str]:
    return iter(())
