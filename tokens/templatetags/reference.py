"""For the page of machine interfaces."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()

_CODE = re.compile(r"`([^`]+)`")
_STRESSED = re.compile(r"(?<!\w)\*([^*]+)\*(?!\w)")


@register.filter
def marked(text: str) -> SafeString:
    """Markdown's `code` and *stress*, the two that the document's descriptions use. All else is text, and escaped."""
    pieces = _CODE.split(text)
    told = [f"<code>{escape(piece)}</code>" if odd % 2 else _plain(piece) for odd, piece in enumerate(pieces)]
    return SafeString("".join(told))


def _plain(text: str) -> str:
    return _STRESSED.sub(r"<em>\1</em>", escape(text))
