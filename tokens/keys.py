"""The written form of tokens and gateway keys: make, parse, hash, compare. Pure; no database, no settings.

`trl_<kind>_<owner>_<secret>_<crc>`, always 54 ASCII characters. The checksum lets a mistyped or cut token be
refused with no I/O, and lets secret scanners report ours alone; it proves nothing about who issued it.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from accounts.ids import CROCKFORD, is_public_id
from accounts.ids import LENGTH as OWNER_LENGTH

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_LENGTH: Final = 27  # 160 bits
CHECKSUM_LENGTH: Final = 6  # 62**6 > 2**32
_PAIRS: Final = [high + low for high in ALPHABET for low in ALPHABET]
LENGTH: Final = len("trl_sk_") + OWNER_LENGTH + 1 + SECRET_LENGTH + 1 + CHECKSUM_LENGTH

_OWNER: Final = slice(len("trl_sk_"), len("trl_sk_") + OWNER_LENGTH)
_BODY: Final = LENGTH - CHECKSUM_LENGTH - 1

_FORM: Final = re.compile(
    rf"(?P<body>trl_(?P<kind>sk|pk|gw)_(?P<owner>[{CROCKFORD}]{{{OWNER_LENGTH}}})_(?P<secret>[{ALPHABET}]{{{SECRET_LENGTH}}}))"
    rf"_(?P<checksum>[{ALPHABET}]{{{CHECKSUM_LENGTH}}})"
)
# The same without its parts, which cost as much as the rest of the match; of tokens only.
_TOKEN_FORM: Final = re.compile(
    rf"trl_[sp]k_[{CROCKFORD}]{{{OWNER_LENGTH}}}_[{ALPHABET}]{{{SECRET_LENGTH}}}_[{ALPHABET}]{{{CHECKSUM_LENGTH}}}"
)


class KeyKind(StrEnum):
    SECRET = "sk"  # noqa: S105
    PUBLISHABLE = "pk"
    GATEWAY = "gw"


@dataclass(frozen=True, slots=True)
class Key:
    """One credential in clear. `owner` is the public id of the workspace, or of the gateway for GATEWAY.

    Hazard: `text` and `secret` are shown once and never stored or logged; the repr leaves the secret out.
    """

    kind: KeyKind
    owner: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        body = f"trl_{self.kind}_{self.owner}_{self.secret}"
        return f"{body}_{checksum(body)}"

    @property
    def last4(self) -> str:
        """The last four characters of the whole text, by which its holder tells one token from another."""
        return self.text[-4:]


def make(kind: KeyKind, owner: str) -> Key:
    """A fresh credential. Raises ValueError where the owner is not a public id."""
    if not is_public_id(owner):
        raise ValueError("The owner of a key must be a public id.")
    return Key(kind, owner, "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH)))


def parse(text: str) -> Key | None:
    """Read a credential of any kind; None unless form and checksum are exact. Never raises."""
    if len(text) != LENGTH:
        return None
    match = _FORM.fullmatch(text)
    if match is None or checksum(match["body"]) != match["checksum"]:
        return None
    return Key(KeyKind(match["kind"]), match["owner"], match["secret"])


def parse_token(text: str) -> Key | None:
    """Read what a caller presents. A gateway's key is malformed here: it must never pass for a token."""
    key = parse(text)
    return None if key is None or key.kind is KeyKind.GATEWAY else key


def looks_secret(text: str) -> bool:
    """Whether it may be a credential, of ours or not, or a piece of one."""
    return any(word.startswith("trl_") or len(word) >= SECRET_LENGTH for word in text.split())


def workspace_of(text: str) -> str | None:
    """The workspace that a token names; None for what `parse_token` does not read. For those who need no more of it."""
    if len(text) != LENGTH or _TOKEN_FORM.fullmatch(text) is None:
        return None
    return text[_OWNER] if checksum(text[:_BODY]) == text[_BODY + 1 :] else None


def parse_gateway_key(text: str) -> Key | None:
    """Read what a gateway presents for itself. A caller's token is malformed here."""
    key = parse(text)
    return key if key is not None and key.kind is KeyKind.GATEWAY else None


def checksum(body: str) -> str:
    """CRC-32 of the ASCII body (no underscore at its end), base62, left-padded with `0` to six."""
    number, low = divmod(zlib.crc32(body.encode("ascii")), len(_PAIRS))
    high, middle = divmod(number, len(_PAIRS))
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]


def digest(text: str, key: bytes) -> bytes:
    """What is stored of a credential: HMAC-SHA-256 of its full text. Parse first: the text must be ASCII."""
    return hmac.digest(key, text.encode("ascii"), hashlib.sha256)


def digests(text: str, keys: Mapping[int, bytes]) -> dict[int, bytes]:
    """The digest under each versioned key, in the mapping's order: the current (first) key's comes first."""
    return {version: digest(text, key) for version, key in keys.items()}


def matches(a: bytes, b: bytes) -> bool:
    """Whether two digests are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(a, b)
