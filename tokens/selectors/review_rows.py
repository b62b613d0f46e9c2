"""The rows of the queue: what each shows, as plain values, in two statements however many rows there are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from accounts.models import User
from accounts.names import isolated, seen
from tiers.entitlements import standing
from tiers.facts import Catalogue, GrantFacts, LimitFacts
from tokens.models import AccessRequest, RequestState
from tokens.models.requests import CLOSED, TO_DECIDE
from tokens.selectors.decisions import STANDS
from tokens.selectors.reviewers import SHOWN_NAME

# A request is called urgent when less of its time is left than this.
SOON: Final = timedelta(hours=24)
TONES: Final = {
    RequestState.SUBMITTED: "info",
    RequestState.IN_REVIEW: "info",
    RequestState.CHANGES_REQUESTED: "warn",
    RequestState.APPROVED: "ok",
    RequestState.REJECTED: "bad",
    RequestState.WITHDRAWN: "mute",
}
MOST_HOSTS: Final = 10
# In the order of GrantFacts.
_FACTS: Final = (
    *("held.public_id", "source", "source_id", "slug", "tiers_aimodel.name", "application_id", "permissions"),
    *("starts_at", "ends_at", "suspended_at", "revoked_at", "calls", "disputed_at"),
)
_LIMITS: Final = ("requests_per_minute", "requests_per_day", "requests_per_month", "concurrent_calls")
_GRANTS: Final = f"""
SELECT workspace_id, {", ".join([*_FACTS, *(f"held.{limit}" for limit in _LIMITS)])}
  FROM tiers_grant held LEFT JOIN tiers_tier ON tiers_tier.id = tier_id
       LEFT JOIN tiers_aimodel ON tiers_aimodel.id = model_id
 WHERE workspace_id = ANY(%s) AND revoked_at IS NULL
"""  # noqa: S608

_PERSON: Final = f"(SELECT {SHOWN_NAME} FROM accounts_user WHERE id = {{}})"  # noqa: S608
# Each look-up by itself: as joins, PostgreSQL would weigh their orders for longer than all of it takes. Signals are so
# many that `EXISTS` would gather all the bad ones first.
_SHOWN: Final = f"""
SELECT asked.public_id, asked.version, asked.state, asked.workspace_id, asked.application_id, asked.submitted_at,
       asked.due_at, asked.claim_ends_at, asked.snoozed_at, asked.snoozed_until,
       (SELECT name FROM tokens_application WHERE id = asked.application_id),
       {_PERSON.format("asked.applicant_id")}, {_PERSON.format("asked.claimed_by_id")},
       {_PERSON.format("asked.assigned_to_id")},
       (SELECT slug FROM tiers_tier WHERE id = asked.tier_id),
       (SELECT name FROM tiers_aimodel WHERE id = asked.model_id),
       ARRAY(SELECT host FROM tokens_domain WHERE application_id = asked.application_id
              ORDER BY host LIMIT {MOST_HOSTS}),
       coalesce((SELECT true FROM tokens_signal WHERE access_request_id = asked.id AND state = 'bad' LIMIT 1), false),
       EXISTS (SELECT FROM tokens_decision WHERE access_request_id = asked.id AND outcome = 'endorsed'
                  AND {STANDS}),
       asked.id IN (SELECT access_request_id FROM tokens_mention mention
                      JOIN tokens_requestmessage message ON message.id = message_id
                     WHERE person_id = %(viewer)s AND seen_at IS NULL)
  FROM tokens_accessrequest asked WHERE asked.id = ANY(%(ids)s) ORDER BY array_position(%(ids)s, asked.id)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Due:
    """How long something has waited and may wait yet. `tone` is empty while there is time."""

    left: str
    waited: timedelta
    tone: str

    @property
    def age(self) -> str:
        return span(self.waited)


@dataclass(frozen=True, slots=True)
class Row:
    """All that a row shows, by which what it looks like is kept. `model` where it asks for no tier. `stands_on`: the
    tier, while it is open. `due`, `domains`, and in `asleep` until when it is put off, are in the reader's language.
    `holder` has it claimed, else assigned. `warned`: something speaks against it. `endorsed`: one of two approved.
    `mentioned`: the viewer is named in a message that they have not read."""

    public_id: str
    version: int
    application: str
    applicant: str
    domains: str
    stands_on: str
    tier: str
    model: str
    due: str
    due_tone: str
    asleep: str
    state: str
    holder: str
    claimed: bool
    warned: bool
    endorsed: bool
    mentioned: bool

    @property
    def tone(self) -> str:
        return TONES[RequestState(self.state)]

    @property
    def label(self) -> str:
        return str(RequestState(self.state).label)

    @property
    def held(self) -> str:
        """Who has it, in words."""
        words = gettext("Claimed by %(name)s") if self.claimed else gettext("Assigned to %(name)s")
        return words % {"name": isolated(self.holder)} if self.holder else ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A row of the statement, column by column."""

    public_id: str
    version: int
    state: str
    workspace: int
    application_id: int
    submitted_at: datetime
    due_at: datetime | None
    claim_ends_at: datetime | None
    snoozed_at: datetime | None
    snoozed_until: datetime | None
    application: str
    applicant: str
    claimed_by: str | None
    assigned_to: str | None
    tier: str | None
    model: str | None
    hosts: list[str]
    warned: bool
    endorsed: bool
    mentioned: bool

    @property
    def closed(self) -> bool:
        return self.state in CLOSED


def rows(ids: Sequence[int], viewer: User, catalogue: Catalogue, now: datetime) -> list[Row]:
    """Of the access requests with these primary keys, in that order."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, {"ids": list(ids), "viewer": viewer.pk})
        found = [_Shown(*values) for values in cursor.fetchall()]
    grants = grants_of({shown.workspace for shown in found if shown.tier and not shown.closed})
    return [_row(shown, catalogue, grants.get(shown.workspace, []), now) for shown in found]


def _row(shown: _Shown, catalogue: Catalogue, grants: list[GrantFacts], now: datetime) -> Row:
    undecided = shown.state in TO_DECIDE
    lapsed = shown.claim_ends_at is not None and shown.claim_ends_at <= now
    claimed_by = shown.claimed_by if undecided and not lapsed else None
    holder = claimed_by or (shown.assigned_to if undecided else None) or ""
    due = due_of(shown.state, shown.submitted_at, shown.due_at, now)
    return Row(
        public_id=shown.public_id,
        version=shown.version,
        application=shown.application,
        applicant=seen(shown.applicant),
        domains=_domains(shown.hosts),
        stands_on="" if shown.closed else standing(catalogue, grants, shown.application_id, now).tier.slug,
        tier=shown.tier or "",
        model=shown.model or "",
        due=due.left if due else "",
        due_tone=due.tone if due else "",
        asleep=_asleep(shown, now) if undecided else "",
        state=shown.state,
        holder=seen(holder),
        claimed=claimed_by is not None,
        warned=shown.warned,
        endorsed=shown.endorsed and undecided,
        mentioned=shown.mentioned,
    )


def _asleep(shown: _Shown, now: datetime) -> str:
    """Until when it is put off; empty where it is not, or not any more."""
    if shown.snoozed_at is None:
        return ""
    if shown.snoozed_until is None:
        return gettext("until an answer")
    if shown.snoozed_until <= now:
        return ""
    return gettext("until %(day)s") % {"day": date_format(localtime(shown.snoozed_until), "D j M")}


def _domains(hosts: list[str]) -> str:
    if len(hosts) < 2:
        return hosts[0] if hosts else gettext("no domain")
    return ngettext("%(number)d domain", "%(number)d domains", len(hosts)) % {"number": len(hosts)}


def grants_of(workspaces: set[int]) -> dict[int, list[GrantFacts]]:
    """The grants of each workspace that may still matter."""
    found: dict[int, list[GrantFacts]] = defaultdict(list)
    if workspaces:
        with connection.cursor() as cursor:
            cursor.execute(_GRANTS, [list(workspaces)])
            for workspace, *values in cursor.fetchall():
                found[workspace].append(_facts(values))
    return found


def _facts(values: Sequence[Any]) -> GrantFacts:
    """Of the columns of `_FACTS` and `_LIMITS`."""
    facts = list(values[: len(_FACTS)])
    at = _FACTS.index("permissions")
    facts[at] = frozenset(facts[at])
    return GrantFacts(*[*facts, LimitFacts(*values[len(_FACTS) :])])


def due(access_request: AccessRequest, now: datetime) -> Due | None:
    return due_of(access_request.state, access_request.submitted_at, access_request.due_at, now)


def due_of(state: str, submitted_at: datetime | None, due_at: datetime | None, now: datetime) -> Due | None:
    """When a pending request should be answered; None for all others."""
    if submitted_at is None or due_at is None or state not in TO_DECIDE:
        return None
    waited, left = now - submitted_at, due_at - now
    if left < timedelta(0):
        return Due(gettext("%(time)s over") % {"time": span(-left)}, waited, "bad")
    return Due(gettext("%(time)s left") % {"time": span(left)}, waited, "warn" if left < SOON else "")


def span(length: timedelta) -> str:
    """A length in the fewest characters, days always as days, so that two of them compare at a glance: 40 min, 23 h,
    1 d 20 h, 9 d."""
    days, hours = divmod(int(length.total_seconds() // 3600), 24)
    if days and hours and days < 7:
        return gettext("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if days:
        return gettext("%(number)d d") % {"number": days}
    if hours:
        return gettext("%(number)d h") % {"number": hours}
    return gettext("%(number)d min") % {"number": max(1, int(length.total_seconds() // 60))}
