"""The review queue: which access requests wait, for whom, and since when."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.paging import Page, beyond, page
from tiers import snapshot
from tiers.entitlements import standing
from tiers.facts import Catalogue, GrantFacts
from tiers.models import Grant
from tokens.models import AccessRequest, Domain, RequestState

# Reviewers mean to answer within this.
TARGET: Final = timedelta(days=2)
SIZE: Final = 30
MOST_COUNTED: Final = 99

PENDING, WAITING, DECIDED = "pending", "waiting", "decided"
TABS: Final = {
    PENDING: (RequestState.SUBMITTED, RequestState.IN_REVIEW),
    WAITING: (RequestState.CHANGES_REQUESTED,),
    DECIDED: (RequestState.APPROVED, RequestState.REJECTED, RequestState.WITHDRAWN),
}
TAB_LABELS: Final = {PENDING: _("Pending"), WAITING: _("Waiting on applicant"), DECIDED: _("Decided")}
OLDEST_FIRST: Final = ("submitted_at", "id")
ORDER: Final = {PENDING: OLDEST_FIRST, WAITING: OLDEST_FIRST, DECIDED: ("-id",)}
TONES: Final = {
    RequestState.SUBMITTED: "info",
    RequestState.IN_REVIEW: "info",
    RequestState.CHANGES_REQUESTED: "warn",
    RequestState.APPROVED: "ok",
    RequestState.REJECTED: "bad",
    RequestState.WITHDRAWN: "mute",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for. `who`: "" anyone, "me", or "nobody" has claimed it."""

    tab: str = PENDING
    who: str = ""
    find: str = ""
    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """How long something has waited and may wait yet. `tone` is empty while there is time."""

    left: str
    age: str
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    access_request: AccessRequest
    stands_on: str
    domains: str
    due: Due | None
    tone: str


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    label: object
    count: str


def visible() -> QuerySet[AccessRequest]:
    """What reviewers see: all that was ever submitted."""
    return AccessRequest.objects.filter(submitted_at__isnull=False)


def tab_of(access_request: AccessRequest) -> str:
    return next(tab for tab, states in TABS.items() if access_request.state in states)


def tabs() -> list[Tab]:
    return [Tab(slug, label, _up_to_99(slug) if slug != DECIDED else "") for slug, label in TAB_LABELS.items()]


def _up_to_99(tab: str) -> str:
    number = visible().filter(state__in=TABS[tab])[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)


def queue(filters: Filters, viewer: User) -> Page[AccessRequest]:
    """One page of a tab, with all that a row shows."""
    found = visible().filter(state__in=TABS[filters.tab])
    if filters.who == "me":
        found = found.filter(claimed_by=viewer)
    elif filters.who == "nobody":
        found = found.filter(claimed_by=None)
    if filters.find:
        found = found.filter(_matches(filters.find))
    found = found.select_related("application", "applicant", "tier", "model", "claimed_by", "granted_tier")
    found = found.prefetch_related("application__domains")
    return page(found, ORDER[filters.tab], size=SIZE, after=filters.after, before=filters.before)


def _matches(text: str) -> Q:
    hosts = Domain.objects.filter(application=OuterRef("application"), host__icontains=text)
    names = Q(application__name__icontains=text) | Q(applicant__name__icontains=text)
    return names | Q(public_id=text.lower()) | Q(Exists(hosts))


def rows(found: list[AccessRequest], catalogue: Catalogue, now: datetime) -> list[Row]:
    grants = grants_of({access_request.workspace_id for access_request in found})
    return [
        Row(
            access_request=access_request,
            stands_on=_stands_on(access_request, catalogue, grants, now),
            domains=_domains(access_request),
            due=due(access_request, now),
            tone=TONES[RequestState(access_request.state)],
        )
        for access_request in found
    ]


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


def _domains(access_request: AccessRequest) -> str:
    hosts = [domain.host for domain in access_request.application.domains.all()]
    if len(hosts) < 2:
        return hosts[0] if hosts else gettext("no domain")
    return ngettext("%(number)d domain", "%(number)d domains", len(hosts)) % {"number": len(hosts)}


def due(access_request: AccessRequest, now: datetime) -> Due | None:
    """When a pending request should be answered; None for all others."""
    if access_request.submitted_at is None or access_request.state not in TABS[PENDING]:
        return None
    age = now - access_request.submitted_at
    left = TARGET - age
    if left < timedelta(0):
        return Due(_over(-left), span(age), "bad")
    return Due(_left(left), span(age), "warn" if left < TARGET / 2 else "")


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


def position(access_request: AccessRequest) -> int | None:
    """Its place among all that wait, from 1; None for what does not wait, or stands very far back."""
    if access_request.state not in TABS[PENDING]:
        return None
    waiting = visible().filter(state__in=TABS[PENDING])
    later = waiting.exclude(beyond(access_request, OLDEST_FIRST))[: MOST_COUNTED + 1].count()
    return later if later <= MOST_COUNTED else None


def next_to_decide(after: AccessRequest, reviewer: User) -> AccessRequest | None:
    """The one to open after a decision: the next older in line, else the first; none of the reviewer's own."""
    waiting = (
        visible()
        .filter(state__in=TABS[PENDING])
        .exclude(workspace__memberships__user=reviewer)
        .exclude(pk=after.pk)
        .order_by(*OLDEST_FIRST)
    )
    return waiting.filter(beyond(after, OLDEST_FIRST)).first() or waiting.first()
