"""The ways out of a refusal as buttons: the corrected call before all, then the remedies in their own order. Pure but
for gettext."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from tokens.explaining.corrections import Correction
from tokens.gateway.ask import Ask, Decision
from tokens.gateway.refusals import MODELS_PAGE

EXPLAIN_PAGE: Final = "/explain/"
# In place of a token's id in a link: the call carried none.
NO_TOKEN: Final = "none"  # noqa: S105
_GLYPHS: Final = {
    "apply": "send",
    "buy": "credit-card",
    "pay": "credit-card",
    "wait": "clock",
    "use": "book-open",
    "rotate": "rotate-cw",
    "edit": "pencil",
    "contact": "life-buoy",
}


@dataclass(frozen=True, slots=True)
class Button:
    """Without `href` it says what somebody can do, and leads nowhere."""

    label: str
    glyph: str
    href: str = ""
    until: datetime | None = None


def buttons(decision: Decision, token: str, correction: Correction | None, linked: bool) -> Iterator[Button]:
    """`token`: its id for links to this page, "" where they cannot name it. `linked`: that the pages which the remedies
    lead to are open to the reader."""
    remedies, model = decision.reason.remedies if decision.reason else (), decision.model
    if correction is not None and correction.changed and token:
        yield Button(_("Explain that one"), "rotate-cw", explaining(correction.ask, token))
    for remedy in remedies:
        glyph = _GLYPHS.get(remedy.kind, "info")
        if remedy.href is not None:
            yield Button(remedy.label, glyph, remedy.href if linked else "", remedy.until)
        elif remedy.endpoint is None:
            yield Button(remedy.label, glyph, until=remedy.until)
        elif correction is None:
            yield Button(remedy.label, glyph)
    if model and any(remedy.endpoint for remedy in remedies):
        yield Button(_("Its endpoints"), "book-open", f"{MODELS_PAGE}?{urlencode({'q': model})}")


def explaining(ask: Ask, token: str) -> str:
    """The address of the page with this call filled in. `token` is a public id, never a secret."""
    told = {
        "token": token,
        "model": ask.model,
        "method": ask.method if ask.method != "POST" else None,
        "endpoint": ask.endpoint.partition("?")[0],
        "origin": ask.origin,
        "permission": ask.permission if ask.permission != "generate" else None,
    }
    return f"{EXPLAIN_PAGE}?{urlencode({name: value for name, value in told.items() if value}, errors='replace')}"
