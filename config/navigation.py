"""What the side bar and the palette offer: one table, filtered by what the person may do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import PLATFORM_PERMISSIONS, Permission


class Section(Enum):
    BUILD = "build"
    CLIMB = "climb"
    WORKSPACE = "workspace"
    MAINTAIN = "maintain"
    STAFF = "staff"
    PALETTE = "palette"  # Found by the palette, not shown at the side.

    @property
    def label(self) -> Promise | str:
        return SECTION_LABELS.get(self, "")


SECTION_LABELS = {
    Section.BUILD: _("Build"),
    Section.CLIMB: _("Climb"),
    Section.WORKSPACE: _("Workspace"),
    Section.MAINTAIN: _("Maintain"),
    Section.STAFF: _("Staff"),
}
# Those who review have the queue before them; their own applications are in the palette and under their name.
DEVELOPER_SECTIONS = frozenset({Section.BUILD, Section.CLIMB, Section.WORKSPACE})


@dataclass(frozen=True, slots=True)
class Entry:
    """`keys` is a sequence such as "g h". Pages in one of `namespaces`, or in that of
    its own name, belong to this entry."""

    section: Section
    url_name: str
    label: Promise
    icon: str
    permission: Permission = Permission.SIGNED_IN
    keys: str = ""
    namespaces: tuple[str, ...] = ()


ENTRIES = (
    Entry(Section.BUILD, "home", _("Home"), "house", keys="g h"),
    Entry(
        Section.BUILD,
        "applications:list",
        _("Applications & tokens"),
        "key-round",
        keys="g t",
        namespaces=("applications", "tokens"),
    ),
    Entry(Section.BUILD, "requests:list", _("Access requests"), "inbox", namespaces=("requests",)),
    Entry(Section.BUILD, "explain", _("Why was it refused?"), "message-circle-question", keys="g e"),
    Entry(Section.BUILD, "reference", _("API reference"), "code-xml", permission=Permission.PUBLIC),
    Entry(
        Section.CLIMB,
        "ladder",
        _("Tiers & models"),
        "layers",
        permission=Permission.PUBLIC,
        namespaces=("ladder", "models"),
    ),
    Entry(Section.CLIMB, "orders:list", _("Orders"), "receipt", keys="g o", namespaces=("orders",)),
    Entry(Section.WORKSPACE, "workspace:members", _("Members"), "users"),
    Entry(Section.WORKSPACE, "workspace:activity", _("Activity"), "history"),
    Entry(
        Section.MAINTAIN,
        "review:queue",
        _("Review queue"),
        "inbox",
        permission=Permission.REVIEW_READ,
        keys="g r",
        namespaces=("review",),
    ),
    Entry(Section.MAINTAIN, "figures", _("Figures of the review"), "activity", permission=Permission.REVIEW_READ),
    Entry(Section.MAINTAIN, "review:rules", _("Rules of review"), "list-checks", permission=Permission.REVIEW_READ),
    Entry(
        Section.MAINTAIN,
        "explain",
        _("Explain a decision"),
        "message-circle-question",
        permission=Permission.REVIEW_READ,
    ),
    Entry(Section.STAFF, "holdings", _("Tier audit"), "layers", permission=Permission.HOLDINGS_READ, keys="g a"),
    Entry(Section.STAFF, "audit", _("Audit log"), "scroll-text", permission=Permission.AUDIT_READ, keys="g l"),
    Entry(
        Section.STAFF,
        "events",
        _("Event inbox"),
        "webhook",
        permission=Permission.PAYMENTS_READ,
        keys="g i",
        namespaces=("events",),
    ),
    Entry(Section.STAFF, "catalogue", _("Catalogue"), "box", permission=Permission.CATALOGUE_READ),
    Entry(Section.STAFF, "gateways", _("Gateways"), "server", permission=Permission.GATEWAY_MANAGE),
    Entry(
        Section.PALETTE, "review:terms", _("Terms of review"), "sliders-horizontal", permission=Permission.REVIEW_MANAGE
    ),
    Entry(Section.PALETTE, "review:groups", _("Groups of reviewers"), "users", permission=Permission.REVIEW_MANAGE),
    Entry(Section.PALETTE, "models", _("Models"), "box", permission=Permission.PUBLIC),
    Entry(Section.PALETTE, "events:orders", _("Orders of everybody"), "receipt", permission=Permission.PAYMENTS_READ),
    Entry(Section.PALETTE, "events:alarms", _("Alarms"), "triangle-alert", permission=Permission.PAYMENTS_READ),
    Entry(Section.PALETTE, "events:health", _("Health of payments"), "activity", permission=Permission.PAYMENTS_READ),
    Entry(Section.PALETTE, "events:record", _("Record an order"), "plus", permission=Permission.PAYMENTS_MANAGE),
    Entry(Section.PALETTE, "events:import", _("Import orders"), "file-text", permission=Permission.PAYMENTS_MANAGE),
    Entry(Section.PALETTE, "events:sources", _("Webhook sources"), "webhook", permission=Permission.PAYMENTS_MANAGE),
    Entry(Section.PALETTE, "catalogue:products", _("Products"), "tag", permission=Permission.CATALOGUE_READ),
    Entry(Section.PALETTE, "review:replies", _("Replies"), "message-square", permission=Permission.REVIEW_MANAGE),
    Entry(Section.PALETTE, "review:imports", _("Imports from GitHub"), "inbox", permission=Permission.REVIEW_MANAGE),
    Entry(Section.PALETTE, "requests:new", _("Apply for a tier or a model"), "send"),
    Entry(Section.PALETTE, "profile", _("Profile"), "user-round"),
    Entry(Section.PALETTE, "profile:security", _("Security"), "fingerprint"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """An entry that this person may open. `current` is aria-current's value, empty elsewhere."""

    label: Promise
    icon: str
    href: str
    keys: str
    section: Section
    current: str = ""
    count: str = ""


def items_for(role: str | None, view_name: str, counts: Mapping[str, str]) -> list[Item]:
    """Every entry for a platform role (None: not signed in), in order, each address once. `counts` says what
    waits, by URL name."""
    allowed = {Permission.PUBLIC, *(PLATFORM_PERMISSIONS[role] if role is not None else ())}
    found: dict[str, Item] = {}
    for entry in ENTRIES:
        if entry.permission not in allowed or not _shown(entry, allowed):
            continue
        if href := _address(entry.url_name):
            current = _current(entry, view_name)
            count = counts.get(entry.url_name, "")
            found.setdefault(href, Item(entry.label, entry.icon, href, entry.keys, entry.section, current, count))
    return _one_current(list(found.values()))


def _one_current(items: list[Item]) -> list[Item]:
    """Where the side bar has the very page, the entry above it in the address is not marked as well."""
    if any(item.current == "page" and item.section is not Section.PALETTE for item in items):
        return [replace(item, current="") if item.current == "true" else item for item in items]
    return items


def at_the_side(items: list[Item], allowed_to_review: bool) -> list[tuple[Section, list[Item]]]:
    """The side bar: sections in order, those without an item left out."""
    hidden = {Section.PALETTE, *(DEVELOPER_SECTIONS if allowed_to_review else ())}
    groups = [(section, [item for item in items if item.section is section]) for section in Section]
    return [(section, group) for section, group in groups if group and section not in hidden]


def _shown(entry: Entry, allowed: set[Permission]) -> bool:
    """Of the two names of one page, a maintainer sees the maintainer's."""
    twin = entry.url_name == "explain" and entry.section is Section.BUILD
    return not (twin and Permission.REVIEW_READ in allowed)


def _current(entry: Entry, view_name: str) -> str:
    if view_name == entry.url_name:
        return "page"
    return "true" if view_name.partition(":")[0] in (entry.url_name, *entry.namespaces) else ""


def _address(url_name: str) -> str:
    """Where an entry leads, or "" where this version has no such page."""
    return _found(url_name, settings.ROOT_URLCONF, get_script_prefix())


@cache
def _found(url_name: str, urlconf: str, prefix: str) -> str:
    """Each page has some thirty of them, and they stay as they are."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""
