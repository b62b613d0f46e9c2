"""The secret by which the sandbox signs: derived, so that there is nothing to store or to set up."""

import base64
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from standardwebhooks.webhooks import Webhook

_INFO: Final = b"trellis/tiers/sandbox/v1"


def secrets() -> list[str]:
    """The current one first; those of `SECRET_KEY_FALLBACKS` are still good."""
    return [_derive(str(key)) for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]]


def _derive(key: str) -> str:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(key.encode())
    return f"whsec_{base64.b64encode(derived).decode()}"


def headers(event_id: str, body: str, at: datetime) -> dict[str, str]:
    """Those of Standard Webhooks, signed at that time."""
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secrets()[0]).sign(event_id, at, body),
    }
