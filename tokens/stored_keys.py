"""What is kept of a credential: its digest under the newest of TOKEN_KEYS, which key that was, and its last four."""

from typing import Any

from django.conf import settings

from tokens import keys


def stored(key: keys.Key) -> dict[str, Any]:
    """The columns that `TokenSecret` and `GatewaySecret` share."""
    version = next(iter(settings.TOKEN_KEYS))
    return {
        "hash": keys.digest(key.text, settings.TOKEN_KEYS[version]),
        "key_version": version,
        "last4": key.last4,
    }
