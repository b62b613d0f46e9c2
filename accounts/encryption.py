"""Secrets that must be read back (TOTP keys), encrypted before they reach the database.

AES-256-GCM under a key derived by HKDF from `SECRET_KEY`, so that a copy of the database alone opens nothing.
Written as `v1:` and base64 of nonce and ciphertext. A key in `SECRET_KEY_FALLBACKS` still opens what it sealed.
"""

import base64
import binascii
import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PREFIX: Final = "v1:"
_LABEL: Final = b"trellis/accounts/second-factor/v1"
_NONCE_BYTES: Final = 12


class Unreadable(ValueError):
    """What is stored was not sealed by this key, or was altered."""


def seal(text: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(settings.SECRET_KEY).encrypt(nonce, text.encode(), _LABEL)
    return PREFIX + base64.b64encode(nonce + sealed).decode()


def unseal(stored: str) -> str:
    """Raises Unreadable, also for what was never sealed: a secret in clear is never taken for a good one."""
    if not stored.startswith(PREFIX):
        raise Unreadable("not sealed")
    try:
        raw = base64.b64decode(stored.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise Unreadable("not base64") from error
    for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        try:
            return _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _LABEL).decode()
        except (InvalidTag, ValueError):
            continue
    raise Unreadable("sealed by another key, or altered")


@lru_cache(maxsize=8)
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_LABEL).derive(key.encode()))
