"""The secret in an invitation's link. Pure but for `SECRET_KEY`."""

import base64
import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_LABEL: Final = b"trellis/accounts/invitation/v1"


def secret_for(public_id: str) -> str:
    """The secret of one invitation, 43 characters. Derived and not drawn, so that the worker which mails it needs
    the id alone: no queue, log or table ever holds it. The database keeps its hash."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_LABEL).derive(settings.SECRET_KEY.encode())
    digest = hmac.digest(key, public_id.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_of(secret: str) -> str:
    """What is stored and compared: SHA-256, hex. The secret has 256 bits, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret_of(secret: str, secret_hash: str) -> bool:
    return hmac.compare_digest(hash_of(secret), secret_hash)
