"""The recent refusals of a workspace beside the form, each a link that fills it in. Pure but for
gettext."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from django.utils.translation import gettext as _

from tokens.explaining.buttons import explaining
from tokens.gateway.ask import Ask
from tokens.gateway.refusal_log import RecentRefusal, Refused

# In a link: the code that the call was refused with then.
WAS: Final = "was"


@dataclass(frozen=True, slots=True)
class Entry:
    """`called`: the model, or the endpoint of a call that named none, or that there was neither. `address`: of the
    caller, who may be a person, so it is in no link."""

    code: str
    called: str
    times: int
    at: datetime
    href: str
    address: str


def entries(found: Iterable[RecentRefusal]) -> list[Entry]:
    return [_entry(one.refused, one.times, one.last_at) for one in found]


def _entry(refused: Refused, times: int, at: datetime) -> Entry:
    path, mark, query = refused.endpoint.partition("?")
    ask = Ask(
        # The form wants a path. The root is as little an endpoint as none at all.
        endpoint=f"{path or '/'}{mark}{query}",
        model=refused.model or None,
        method=refused.method,
        origin=refused.origin or None,
        permission=refused.permission,
    )
    href = f"{explaining(ask, refused.token)}&{WAS}={refused.code}"
    called = refused.model or path or _("no model, no path")
    return Entry(refused.code, called, times, at, href, refused.address)


def followed(found: Iterable[Entry], query: Mapping[str, str]) -> Entry | None:
    """The newest one whose link has led here."""
    given = {name: value for name, value in query.items() if value}
    return next((entry for entry in found if dict(parse_qsl(urlsplit(entry.href).query)) == given), None)
