"""The review queue: which access requests wait, for whom, and since when."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext, ngettext

from accounts.models import Membership, User
from accounts.paging import Page, beyond, page
from tiers import snapshot
from tiers.entitlements import standing
from tiers.facts import Catalogue, GrantFacts
from tiers.models import Grant
from tokens.models import AccessRequest, Domain, RequestState
from tokens.models.decisions import Decision, Outcome
from tokens.models.desk import Mention
from tokens.models.requests import TO_DECIDE
from tokens.models.signals import Signal, SignalState
from tokens.selectors.review_filters import DECIDED, PENDING, TAB_LABELS, Filters, in_tab, narrowed, order, searching

SIZE: Final = 30
MOST_COUNTED: Final = 99
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
_JOINED: Final = ("application", "applicant", "tier", "model", "claimed_by", "assigned_to")
_NOT_SHOWN: Final = ("purpose", "users", "links", "decision_reason", "repositories", "wording")


@dataclass(frozen=True, slots=True)
class Due:
    """How long something has waited and may wait yet. `tone` is empty while there is time."""

    left: str
    age: str
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    """`holder` has it claimed, else assigned. `warned`: something speaks against it. `endorsed`: one of two approved.
    `mentioned`: the viewer is named in a message that they have not read."""

    access_request: AccessRequest
    stands_on: str
    domains: str
    due: Due | None
    tone: str
    holder: User | None
    claimed: bool
    warned: bool
    endorsed: bool
    mentioned: bool


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    label: object
    count: str


def tabs(now: datetime) -> list[Tab]:
    return [Tab(slug, label, _up_to_99(slug, now) if slug != DECIDED else "") for slug, label in TAB_LABELS.items()]


def _up_to_99(tab: str, now: datetime) -> str:
    number = in_tab(tab, now)[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number or "")


def queue(filters: Filters, viewer: User, now: datetime) -> Page[AccessRequest]:
    """One page of a tab, with all that a row shows."""
    found = with_marks(narrowed(filters, viewer, now), viewer)
    with searching(filters):
        return page(found, order(filters), size=SIZE, after=filters.after, before=filters.before)


def with_marks(found: QuerySet[AccessRequest], viewer: User) -> QuerySet[AccessRequest]:
    """What a row shows beside the request's own columns, in the same query."""
    this = OuterRef("pk")
    bad = Signal.objects.filter(access_request=this, state=SignalState.BAD)
    first = Decision.objects.filter(
        access_request=this, outcome=Outcome.ENDORSED, lapsed_at=None, undone_at=None, reopened_at=None
    )
    unread = Mention.objects.filter(message__access_request=this, person=viewer, seen_at=None)
    hosts = Domain.objects.filter(application=OuterRef("application")).values("host")[:10]
    marked = found.annotate(
        hosts=ArraySubquery(hosts), warned=Exists(bad), endorsed=Exists(first), mentioned=Exists(unread)
    )
    return marked.select_related(*_JOINED).defer(*_NOT_SHOWN)


def rows(found: list[AccessRequest], catalogue: Catalogue, now: datetime) -> list[Row]:
    """Of requests that came with their marks."""
    grants = grants_of({asked.workspace_id for asked in found if asked.tier_id is not None})
    return [_row(asked, catalogue, grants, now) for asked in found]


def _row(asked: AccessRequest, catalogue: Catalogue, grants: dict[int, list[GrantFacts]], now: datetime) -> Row:
    marks = cast(Any, asked)
    undecided = asked.state in TO_DECIDE
    lapsed = asked.claim_ends_at is not None and asked.claim_ends_at <= now
    claimed_by = asked.claimed_by if undecided and not lapsed else None
    return Row(
        access_request=asked,
        stands_on=_stands_on(asked, catalogue, grants, now),
        domains=_domains(marks.hosts),
        due=due(asked, now),
        tone=TONES[RequestState(asked.state)],
        holder=claimed_by or (asked.assigned_to if undecided else None),
        claimed=claimed_by is not None,
        warned=marks.warned,
        endorsed=marks.endorsed and undecided,
        mentioned=marks.mentioned,
    )


def grants_of(workspaces: set[int]) -> dict[int, list[GrantFacts]]:
    """The grants of each workspace that may still matter."""
    found: dict[int, list[GrantFacts]] = defaultdict(list)
    live = Grant.objects.filter(workspace__in=workspaces, revoked_at=None).select_related("tier", "model")
    for grant in live:
        found[grant.workspace_id].append(snapshot.grant_facts(grant))
    return found


def _stands_on(
    access_request: AccessRequest, catalogue: Catalogue, grants: dict[int, list[GrantFacts]], now: datetime
) -> str:
    mine = grants.get(access_request.workspace_id, [])
    return standing(catalogue, mine, access_request.application_id, now).tier.slug


def _domains(hosts: list[str]) -> str:
    if len(hosts) < 2:
        return hosts[0] if hosts else gettext("no domain")
    return ngettext("%(number)d domain", "%(number)d domains", len(hosts)) % {"number": len(hosts)}


def due(access_request: AccessRequest, now: datetime) -> Due | None:
    """When a pending request should be answered; None for all others."""
    if access_request.submitted_at is None or access_request.due_at is None or access_request.state not in TO_DECIDE:
        return None
    age = span(now - access_request.submitted_at)
    left = access_request.due_at - now
    if left < timedelta(0):
        return Due(_over(-left), age, "bad")
    return Due(_left(left), age, "warn" if left < SOON else "")


def _left(left: timedelta) -> str:
    return gettext("%(time)s left") % {"time": span(left)}


def _over(late: timedelta) -> str:
    return gettext("%(time)s over") % {"time": span(late)}


def span(length: timedelta) -> str:
    """A length in one unit, in the fewest characters: 40 min, 29 h, 3 d."""
    hours = int(length.total_seconds() // 3600)
    if hours < 1:
        return gettext("%(number)d min") % {"number": max(1, int(length.total_seconds() // 60))}
    if hours < 72:
        return gettext("%(number)d h") % {"number": hours}
    return gettext("%(number)d d") % {"number": hours // 24}


def position(access_request: AccessRequest, now: datetime) -> int | None:
    """Its place among all that wait, from 1; None for what does not wait, or stands very far back."""
    if access_request.state not in TO_DECIDE or access_request.due_at is None:
        return None
    waiting = in_tab(PENDING, now)
    before = waiting.filter(
        Q(due_at__lt=access_request.due_at) | Q(due_at=access_request.due_at, pk__lte=access_request.pk)
    )
    later = before[: MOST_COUNTED + 1].count()
    return later if later <= MOST_COUNTED else None


def next_to_decide(filters: Filters, after: AccessRequest, reviewer: User, now: datetime) -> AccessRequest | None:
    """The one to open after a decision, among the same filters and in the same order: the next in line, else the first.
    None of the reviewer's own workspaces, and none that somebody else has claimed."""
    keys = order(filters)
    free = Q(claimed_by=None) | Q(claimed_by=reviewer) | Q(claim_ends_at__lte=now)
    own = Membership.objects.filter(user=reviewer).values("workspace")
    waiting = narrowed(filters, reviewer, now).filter(free, state__in=TO_DECIDE)
    waiting = waiting.exclude(workspace__in=own).exclude(pk=after.pk).order_by(*keys)
    with searching(filters):
        return waiting.filter(beyond(after, keys)).first() or waiting.first()
