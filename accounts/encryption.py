"""Secrets that must be read back (TOTP keys, webhook secrets), encrypted before they reach the database.

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
SECOND_FACTOR: Final = "second-factor"
_NONCE_BYTES: Final = 12


class Unreadable(ValueError):
    """What is stored was not sealed by this key, or was altered."""


def seal(text: str, purpose: str = SECOND_FACTOR) -> str:
    """What is sealed for one purpose opens for no other."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(settings.SECRET_KEY, purpose).encrypt(nonce, text.encode(), _label(purpose))
    return PREFIX + base64.b64encode(nonce + sealed).decode()


def unseal(stored: str, purpose: str = SECOND_FACTOR) -> str:
    """Raises Unreadable, also for what was never sealed: a secret in clear is never taken for a good one."""
    if not stored.startswith(PREFIX):
        raise Unreadable("not sealed")
    try:
        raw = base64.b64decode(stored.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise Unreadable("not base64") from error
    for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        try:
            cipher = _cipher(key, purpose)
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _label(purpose)).decode()
        except (InvalidTag, ValueError):
            continue
    raise Unreadable("sealed by another key, or altered")


def _label(purpose: str) -> bytes:
    return f"trellis/accounts/{purpose}/v1".encode()


@lru_cache(maxsize=8)
def _cipher(key: str, purpose: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_label(purpose)).derive(key.encode()))
