"""What the address of the review desk asks for and cannot be had: the page says so, or its list would pass for the
answer."""

from dataclasses import dataclass, replace
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.names import seen
from tiers.facts import Catalogue
from tokens.selectors.review_filters import ME, NOBODY, Filters, left_out
from tokens.selectors.review_tools import Tools

# As the filters are called beside their fields. A place in the list that is none is its beginning.
LABELS: Final = {
    "tab": _("State"),
    "tier": _("Tier"),
    "model": _("Model"),
    "kind": _("Kind"),
    "age": _("Age"),
    "who": _("Assigned to or claimed by"),
    "group": _("Group"),
    "signal": _("Signal"),
    "language": _("Language"),
    "mentions": _("I am mentioned"),
    "sort": pgettext_lazy("of a list", "Order"),
}


@dataclass(frozen=True, slots=True)
class Misread:
    """`applied`: it could name something, and names nothing, so that nothing matches it. Else it is left out."""

    label: object
    value: str
    applied: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """`without` is the query string that keeps all the others."""

    misread: list[Misread]
    without: str


def notice(query: QueryDict, filters: Filters, catalogue: Catalogue, around: Tools, viewer: User) -> Notice | None:
    """No query, but for a person who is no reviewer that can be chosen."""
    meaningless = left_out(query)
    nameless = _of_nothing(filters, catalogue, around, viewer)
    found = [
        Misread(label, seen(meaningless.get(name) or getattr(filters, name)), name in nameless)
        for name, label in LABELS.items()
        if name in meaningless or name in nameless
    ]
    return Notice(found, replace(filters, **dict.fromkeys(nameless, "")).query()) if found else None


def _of_nothing(filters: Filters, catalogue: Catalogue, around: Tools, viewer: User) -> set[str]:
    known = {
        "tier": filters.tier in catalogue.tiers,
        "model": filters.model in catalogue.models,
        "group": any(filters.group == group for group, _name in around.groups),
        "who": _is_somebody(filters.who, around, viewer),
    }
    return {name for name, is_known in known.items() if getattr(filters, name) and not is_known}


def _is_somebody(who: str, around: Tools, viewer: User) -> bool:
    """Whoever reviewed once may still have some of them."""
    if who in ("", ME, NOBODY, viewer.public_id) or any(who == person for person, _name in around.people):
        return True
    return User.objects.filter(public_id=who).exists()
