"""What an applicant changed since a reviewer asked for it, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tokens.models import AccessRequest, Decision, Outcome, RequestState

LABELS: Final[dict[str, Promise]] = {
    "purpose": _("What it is for"),
    "expected_volume": _("Calls a day, expected"),
    "users": _("Who uses it"),
    "links": _("Links"),
}
# A word of a script with spaces, a run of spaces, or one sign of any other script.
_WORDS: Final = re.compile(r"[0-9A-Za-z\u00c0-\u024f\u0370-\u06ff_]+|\s+|.")


@dataclass(frozen=True, slots=True)
class Piece:
    """`kind`: "same", "gone" or "new"."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Changed:
    label: Promise
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Resubmission:
    """`changed` is empty where it was sent again as it was."""

    asked_at: datetime
    asked: str
    changed: list[Changed]


def asked_last(access_request: AccessRequest) -> Decision | None:
    """The newest time that changes were asked for, and not taken back. One query."""
    asked = Decision.objects.filter(access_request=access_request, outcome=Outcome.CHANGES_REQUESTED, undone_at=None)
    return asked.select_related("by").order_by("-id").first()


def resubmission(access_request: AccessRequest) -> Resubmission | None:
    """None where nothing was asked, or not sent again yet: what is being written is the applicant's."""
    asked = asked_last(access_request)
    if asked is None or access_request.state == RequestState.CHANGES_REQUESTED:
        return None
    before: dict[str, Any] = asked.restores.get("written", {})
    texts = {name: (_text(before[name]), _text(getattr(access_request, name))) for name in LABELS if name in before}
    changed = [Changed(LABELS[name], list(pieces(then, now))) for name, (then, now) in texts.items() if then != now]
    return Resubmission(asked.at, asked.note, changed)


def pieces(then: str, now: str) -> Iterator[Piece]:
    """What stayed, what went and what came, in order. The likeness of very common words is not looked for, so that no
    text takes long."""
    old, new = _WORDS.findall(then), _WORDS.findall(now)
    for kind, i, j, k, m in SequenceMatcher(a=old, b=new).get_opcodes():
        if kind == "equal":
            yield Piece("".join(old[i:j]), "same")
            continue
        if i < j:
            yield Piece("".join(old[i:j]), "gone")
        if k < m:
            yield Piece("".join(new[k:m]), "new")


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)
