"""`var/demo.json`: what a script needs to try everything, as the contract has it."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings

from tokens import keys
from tokens.demo import offers
from tokens.demo.keyring import PUBLISHABLE_ORIGIN, RESTRICTED_TO
from tokens.models import TokenSecret


def path() -> Path:
    return Path(settings.VAR_DIR) / "demo.json"


def write(*, gateway_key: str, tokens: dict[str, str], workspaces: dict[str, str], webhook_secret: str) -> None:
    save(
        {
            "base_url": settings.SITE_URL,
            "gateway_key": gateway_key,
            "tokens": tokens,
            "workspaces": workspaces,
            "publishable_origin": PUBLISHABLE_ORIGIN,
            "restricted_to": RESTRICTED_TO,
            "webhooks": {"standard": {"source": offers.SOURCE, "secret": webhook_secret}},
            "products": offers.listed(),
        }
    )


def save(value: dict[str, Any]) -> None:
    """Whole or not at all, and readable by its owner alone."""
    path().parent.mkdir(parents=True, exist_ok=True)
    # A temporary file is made with mode 0600.
    descriptor, name = tempfile.mkstemp(dir=path().parent, prefix="demo.json.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(value, indent=2) + "\n")
        Path(name).replace(path())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def is_true() -> bool:
    """Whether the file is there and its tokens are this database's, under these keys."""
    try:
        text = json.loads(path().read_text(encoding="utf-8"))["tokens"]["seed"]
        digests = keys.digests(text, settings.TOKEN_KEYS).values()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return TokenSecret.objects.filter(hash__in=list(digests)).exists()
