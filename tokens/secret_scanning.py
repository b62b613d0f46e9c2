"""GitHub's secret scanning: who signed a report, what it says, and what we answer.

A report holds leaked tokens in clear. They are hashed here, at once: what goes on to the inbox has their digests."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from tiers.payments import BadSignature
from tokens import keys, outgoing
from tokens.outgoing import OutgoingError

MOST_MATCHES: Final = 1_000
_KNOWN, _ASKED = "secret-scanning:keys", "secret-scanning:asked"
KNOWN_FOR: Final = 24 * 3600  # seconds
# A key that nobody knows is asked for once in this time, so that nobody can make us ask GitHub without end.
ASKED_EVERY: Final = 60
_AWAY_FOR: Final = 10
_LONGEST: Final = 2_000


class KeysAway(BadSignature):
    """GitHub's keys could not be read, so nothing vouches for the report: it is refused like any other such."""

    code = "keys_away"
    default_message = _("The keys that sign these reports cannot be read just now. Send it again.")


@dataclass(frozen=True, slots=True)
class Match:
    """One token that was found in public. `digests`: under each of TOKEN_KEYS; none of what has not our form."""

    text: str = field(repr=False)
    kind: str
    url: str
    source: str

    @property
    def digests(self) -> list[bytes]:
        known = keys.parse(self.text) is not None
        return list(keys.digests(self.text, settings.TOKEN_KEYS).values()) if known else []


# --- Who signed it ------------------------------------------------------------------------------------------


def verify(headers: Mapping[str, str], body: bytes) -> None:
    """Header names in lower case. Raises BadSignature."""
    identifier = headers.get("github-public-key-identifier", "")
    try:
        signature = base64.b64decode(headers.get("github-public-key-signature", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignature(_("The signature is missing or wrong.")) from error
    if not signature or not identifier or not identifier.isascii() or len(identifier) > 200:
        raise BadSignature(_("The signature is missing or wrong."))
    pem = _public_key(identifier)
    if pem is None or not _signed(pem, signature, body):
        raise BadSignature(_("The signature is missing or wrong."))


def _signed(pem: str, signature: bytes, body: bytes) -> bool:
    try:
        key = serialization.load_pem_public_key(pem.encode())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(signature, body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _public_key(identifier: str) -> str | None:
    """Keys rotate: one that is not known yet is asked for."""
    known: dict[str, str] = cache.get(_KNOWN) or {}
    if identifier in known:
        return known[identifier]
    if cache.add(_ASKED, "asking", ASKED_EVERY):
        known = _read_keys()
        cache.set(_KNOWN, known, KNOWN_FOR)
        cache.set(_ASKED, "asked", ASKED_EVERY)
    elif cache.get(_ASKED) != "asked":
        raise KeysAway
    return known.get(identifier)


def _read_keys() -> dict[str, str]:
    try:
        fetched = outgoing.fetch(settings.SECRET_SCANNING_KEYS_URL)
        if fetched.status != 200:
            raise OutgoingError(f"status {fetched.status}")
        listed = json.loads(fetched.body)["public_keys"]
        return {str(one["key_identifier"]): str(one["key"]) for one in listed}
    except (OutgoingError, ValueError, KeyError, TypeError, RecursionError) as error:
        cache.set(_ASKED, "asking", _AWAY_FOR)
        raise KeysAway from error


# --- What it says -------------------------------------------------------------------------------------------


def matches(body: bytes) -> list[Match]:
    """The tokens that it names, as far as it can be read: a signature does not make it right."""
    try:
        listed = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [_match(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _match(one: dict[str, Any]) -> Match:
    given = {name: one.get(name) for name in ("token", "type", "url", "source")}
    text = {name: value if isinstance(value, str) else "" for name, value in given.items()}
    return Match(text["token"], text["type"], text["url"], text["source"])


def redacted(found: list[Match]) -> bytes:
    """What may be kept: no token in clear, not even within an address."""
    tokens = [match.text for match in found if match.text]

    def clean(value: str) -> str:
        value = "".join(character for character in value[:_LONGEST] if character.isprintable())
        for token in tokens:
            value = value.replace(token, "…")
        return value

    return json.dumps(
        [
            {
                "digests": [digest.hex() for digest in match.digests],
                "last4": match.text[-4:] if match.digests else "",
                "type": clean(match.kind),
                "url": clean(match.url),
                "source": clean(match.source),
            }
            for match in found
        ]
    ).encode()


def feedback(found: list[Match], ours: set[bytes]) -> list[dict[str, str]]:
    """GitHub's own form: which of them are real. `ours`: the digests that we know."""
    return [
        {
            "token_hash": hashlib.sha256(match.text.encode("utf-8", "surrogatepass")).hexdigest(),
            "token_type": match.kind,
            "label": "true_positive" if ours.intersection(match.digests) else "false_positive",
        }
        for match in found
    ]
