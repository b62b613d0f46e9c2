"""What the audit's actions are called for a person. Each storey names its own in its module `activity.py`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent
from accounts.names import straight

_names: dict[str, Promise] = {}
_fields: dict[str, Promise] = {}
_kept: set[str] = set()
# Says nothing to a person.
_NOISE = {"version", "internal", "application_id"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*")


def name_actions(names: Mapping[str, Promise]) -> None:
    """Say what actions are called: {"token.minted": _("Token made")}."""
    _names.update(names)


def name_fields(names: Mapping[str, Promise]) -> None:
    """Say what the fields of events are called: {"expires_at": _("ends")}."""
    _fields.update(names)


def keep_from_workspaces(actions: Iterable[str]) -> None:
    """Actions that stand in a workspace's chain but are not told to its members."""
    _kept.update(actions)


def kept_from_workspaces() -> frozenset[str]:
    _discover()
    return frozenset(_kept)


def name_of(action: str) -> Promise | str:
    """An action without a name shows its own words, rather than nothing."""
    _discover()
    return _names.get(action) or action.replace(".", " ").replace("_", " ").capitalize()


@cache
def _discover() -> None:
    autodiscover_modules("activity")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline."""

    event: AuditEvent
    name: Promise | str
    actor: str
    changes: list[tuple[Promise | str, Any, Any]]


def entries(events: list[AuditEvent]) -> list[Entry]:
    """Events as a person reads them. Their actors must have been fetched along."""
    return [Entry(e, name_of(e.action), actor_of(e), list(_changes(e))) for e in events]


def actor_of(event: AuditEvent) -> str:
    return event.actor.display_name if event.actor else event.actor_name


def _changes(event: AuditEvent) -> Iterator[tuple[Promise | str, Any, Any]]:
    for key in dict.fromkeys([*event.before, *event.after]):
        before, after = event.before.get(key), event.after.get(key)
        if key not in _NOISE and (before or after) and before != after:
            yield _fields.get(key) or key.replace("_", " "), _shown(before), _shown(after)


def _shown(value: Any) -> Any:
    """An audited value for a reader. What is not so is shown as nothing, and a moment to the minute."""
    if isinstance(value, bool):
        return _("yes") if value else ""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        moment = datetime.fromisoformat(value)
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list):
        return ", ".join(straight(str(item)) for item in value)
    if isinstance(value, str):
        return straight(value)
    return "" if value is None else value


name_actions(
    {
        "person.registered": _("Signed up"),
        "person.profile_changed": _("Profile changed"),
        "person.role_changed": _("Role on the platform changed"),
        "person.origin_erased": _("Origins of actions erased"),
        "workspace.created": _("Workspace made"),
        "workspace.renamed": _("Workspace renamed"),
        "workspace.suspended": _("Workspace suspended"),
        "workspace.resumed": _("Workspace resumed"),
        "invitation.sent": _("Invitation sent"),
        "invitation.revoked": _("Invitation revoked"),
        "invitation.accepted": _("Invitation accepted"),
        "member.role_changed": _("Role of a member changed"),
        "member.removed": _("Member removed"),
        "member.left": _("Member left"),
    }
)
name_fields({"name": _("name"), "role": _("role"), "locale": _("language"), "email": _("e-mail address")})
