"""Who controls a domain: a DNS record, or a file on the site itself, that holds the domain's own proof."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.resolver
from django.conf import settings
from django.utils.translation import gettext as _

from tokens import outgoing
from tokens.domains import WILDCARD
from tokens.models import ProofMethod

PREFIX: Final = "trellis-verify="
SUBDOMAIN: Final = "_trellis."
SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True)
class Found:
    """`method` is None where there is no proof; then `problem` says to a person what was seen."""

    method: ProofMethod | None
    problem: str = ""


def record_name(pattern: str) -> str:
    """The DNS name to put the record at. A wildcard is proved at the name that it stands under."""
    return SUBDOMAIN + pattern.removeprefix(WILDCARD)


def record_value(proof: str) -> str:
    return PREFIX + proof


def file_address(pattern: str) -> str:
    """Where the file is looked for. Never for a wildcard: one site says nothing of its neighbours' names."""
    return str(settings.DOMAIN_PROOF_ADDRESS).format(host=pattern)


def look(pattern: str, proof: str) -> Found:
    """Ask the DNS, then the site. Takes seconds, so never inside a transaction; never raises for what it finds."""
    deadline = time.monotonic() + SECONDS
    host = pattern.removeprefix(WILDCARD)
    texts = [text for name in (SUBDOMAIN + host, host) for text in _records(name, deadline)]
    if any(record_value(proof) in text.split() for text in texts):
        return Found(ProofMethod.DNS)
    if pattern.startswith(WILDCARD):
        return Found(None, _no_record(texts))
    try:
        fetched = outgoing.fetch(file_address(pattern))
    except outgoing.OutgoingError as error:
        unread = _("The file could not be read: %(error)s.") % {"error": error}
        return Found(None, f"{_no_record(texts)} {unread}")
    return _in_file(fetched, proof, texts)


def _in_file(fetched: outgoing.Fetched, proof: str, texts: list[str]) -> Found:
    if fetched.status != 200:
        answered = _("The file's address answered %(status)d.") % {"status": fetched.status}
        return Found(None, f"{_no_record(texts)} {answered}")
    words = fetched.body.decode("utf-8-sig", "replace").split()
    if proof in words or record_value(proof) in words:
        return Found(ProofMethod.FILE)
    missing = _("The file does not hold the proof.")
    return Found(None, f"{_no_record(texts)} {missing}")


def _no_record(texts: list[str]) -> str:
    if any(PREFIX in text for text in texts):
        return _("There is a DNS record, but with another proof.")
    return _("There is no DNS record with the proof yet.")


def _records(name: str, deadline: float) -> Iterator[str]:
    left = deadline - time.monotonic()
    if left <= 0:
        return
    try:
        answer = outgoing.resolver().resolve(dns.name.from_text(name), "TXT", lifetime=left, search=False)
    except (dns.exception.DNSException, OSError):
        return
    for record in answer:
        yield b"".join(record.strings).decode("utf-8", "replace")
