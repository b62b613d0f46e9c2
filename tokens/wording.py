"""Texts that people type: what of them is kept, and what is refused. Escaping is the templates' matter."""

import re
import unicodedata
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.names import REORDERING
from tokens.domains import site_host

# Phones and word processors write these beside Arabic and Hebrew; they turn nothing but the mark next to them.
_MARKS: Final = dict.fromkeys(map(ord, "\u061c\u200e\u200f"))
_BIDI: Final = re.compile(f"[{REORDERING}]")


def clean_name(text: str, field: str = "name", most: int = 80) -> str:
    """One line of text that can be seen. Raises Invalid."""
    name = " ".join(text.split())
    if not any(unicodedata.category(character)[0] in "LNPS" for character in name):
        raise Invalid(_("Give a name."), field=field)
    return _checked(name, field, most, allowed="")


def clean_text(text: str, field: str, most: int) -> str:
    """Lines of text, perhaps none. Raises Invalid."""
    return _checked(text.replace("\r\n", "\n").strip(), field, most, allowed="\n\t")


def clean_reason(text: str, field: str = "reason", most: int = 500) -> str:
    """A reason that somebody will read. Raises Invalid where there is none."""
    reason = clean_text(text, field, most)
    if not reason:
        raise Invalid(_("Give a reason."), field=field)
    return reason


def clean_url(text: str, field: str = "url", most: int = 300) -> str:
    """The http or https address of a website, or nothing. Raises Invalid."""
    url = _checked(text.strip(), field, most, allowed="")
    if not url:
        return ""
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        raise Invalid(_("Give a web address such as https://example.com."), field=field) from None
    if site_host(url) is None:
        raise Invalid(_("Give a web address such as https://example.com."), field=field)
    return url


def clean_email(text: str, field: str = "contact", most: int = 254) -> str:
    email = _checked(text.strip(), field, most, allowed="")
    try:
        EmailValidator()(email)
    except ValidationError:
        raise Invalid(_("Give an e-mail address such as team@example.com."), field=field) from None
    return email


def _checked(text: str, field: str, most: int, allowed: str) -> str:
    text = text.translate(_MARKS)
    if len(text) > most:
        raise Invalid(_("At most %(number)d characters fit here.") % {"number": most}, field=field)
    hidden = any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in text)
    if hidden or _BIDI.search(text):
        raise Invalid(_("It has characters that cannot be seen. Type it again."), field=field)
    return text
