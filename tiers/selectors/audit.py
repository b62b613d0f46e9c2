"""The audit log, filtered and paged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.ids import is_public_id
from accounts.models import AuditCheckpoint, AuditEvent, User, Workspace
from accounts.models.audit import DIGEST
from accounts.names import isolated, straight

# More people or workspaces of a like name are not looked for: the filter takes an id, too.
MOST_NAMED: Final = 50
PLATFORM: Final = "platform"
# The distinct values of an indexed column, each by one step in the index and not by reading the table.
_ACTIONS: Final = """
    WITH RECURSIVE known AS (
        (SELECT action FROM accounts_auditevent ORDER BY action LIMIT 1)
        UNION ALL
        SELECT (SELECT action FROM accounts_auditevent WHERE action > known.action ORDER BY action LIMIT 1)
        FROM known WHERE known.action IS NOT NULL
    )
    SELECT action FROM known WHERE action IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; empty filters nothing. `action` may be a noun alone; days are UTC, both included."""

    find: str = ""
    action: str = ""
    actor: str = ""
    workspace: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def any(self) -> bool:
        return self != Filters()


def known_actions() -> list[str]:
    """Every action that has happened, in order of the alphabet."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTIONS)
        return [row[0] for row in cursor.fetchall()]


def nouns(actions: list[str]) -> dict[str, list[str]]:
    """Actions by what they are about: `token` → `token.minted`, `token.revoked`."""
    found: dict[str, list[str]] = {}
    for action in actions:
        found.setdefault(action.partition(".")[0], []).append(action)
    return found


def events(filters: Filters, actions: list[str]) -> QuerySet[AuditEvent]:
    """The events that pass the filters. Each has `computed`: what its hash must be for what it says now."""
    found = AuditEvent.objects.select_related("actor", "workspace", "origin").annotate(
        computed=RawSQL(DIGEST.format(row="accounts_auditevent"), [])  # noqa: S611  A constant of the model alone.
    )
    if filters.action:
        named = [action for action in actions if filters.action in {action, action.partition(".")[0]}]
        found = found.filter(action__in=named)
    if filters.since:
        found = found.filter(at__gte=_midnight(filters.since))
    if filters.until:
        found = found.filter(at__lt=_midnight(filters.until) + timedelta(days=1))
    return found.filter(_by(filters.actor), _in(filters.workspace), _about(filters.find))


def _by(actor: str) -> Q:
    if not actor:
        return Q()
    people = User.objects.filter(Q(public_id=actor) | Q(email__iexact=actor) | Q(name__icontains=actor))
    ids = list(people.values_list("pk", flat=True)[:MOST_NAMED])
    return Q(actor_id__in=ids) | Q(actor_name__icontains=actor)


def _in(workspace: str) -> Q:
    if not workspace:
        return Q()
    if workspace == PLATFORM:
        return Q(workspace=None)
    named = Workspace.objects.filter(Q(public_id=workspace) | Q(name__icontains=workspace))
    return Q(workspace_id__in=list(named.values_list("pk", flat=True)[:MOST_NAMED]))


def _about(text: str) -> Q:
    if not text:
        return Q()
    if is_public_id(text):
        return Q(subject_id=text) | Q(public_id=text) | Q(request_id=text)
    return Q(subject_label__icontains=text) | Q(reason__icontains=text) | Q(request_id=text) | Q(subject_id=text)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def last_checkpoint() -> AuditCheckpoint | None:
    return AuditCheckpoint.objects.order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as a row: who by name, what changed as (field, before, after), and whether its hash still fits.
    `tier` or `model` is what a grant gives."""

    event: AuditEvent
    who: str
    label: str
    tier: str
    model: str
    changes: list[tuple[str, Any, Any]]
    intact: bool


def entry(event: AuditEvent) -> Entry:
    who = event.actor.display_name if event.actor is not None else event.actor_name
    nameless = event.subject_label in {"", event.subject_id}
    given = event.after if event.subject_type == "Grant" else {}
    return Entry(
        event=event,
        who=who,
        label=f"{event.subject_type} {event.subject_id}" if nameless else isolated(event.subject_label),
        tier=given.get("tier") or "",
        model=given.get("model") or "",
        changes=changes(event.before, event.after),
        intact=getattr(event, "computed", "") == event.hash,
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Every field of either side, in the order written: what changed first, then what was added."""
    return [(name, _told(before.get(name)), _told(after.get(name))) for name in [*before, *(after.keys() - before)]]


def _told(value: Any) -> str:
    """A JSON value as a person reads it: lists by commas, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_told(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_told(part)}" for name, part in value.items())
    return straight(str(value))
