"""All that the review page shows of one access request, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from accounts.errors import NotFound
from accounts.models import User
from tiers.facts import Catalogue, GrantFacts, ModelFacts
from tiers.models import Grant, Tier
from tokens.lifecycle import Action, allows
from tokens.models import AccessRequest, Decision, RequestState, RuleVersion, Token
from tokens.policies import requests as policies
from tokens.policies.approvals import models_of_tier, terms_in
from tokens.review_terms import has_woken, is_asleep
from tokens.selectors.imports import Filed, filed_as
from tokens.selectors.requests import given_by
from tokens.selectors.resubmission import Resubmission, resubmission
from tokens.selectors.review import position
from tokens.selectors.review_changes import Changes, as_given, changes, limits_by_staff
from tokens.selectors.review_filters import visible
from tokens.selectors.review_rows import TONES, Due, due, grants_of
from tokens.selectors.review_signals import Progress, Shown, mark, progress, signals
from tokens.selectors.review_timeline import Entry, timeline
from tokens.selectors.reviewers import reviewers_of

# Few enough that PostgreSQL does not weigh their orders for longer than all else takes: people are looked up after.
_JOINED = ("workspace", "application", "tier", "model", "group", "granted_tier")
_PEOPLE = ("applicant", "claimed_by", "assigned_to", "snoozed_by", "decided_by")
_RULE = Prefetch("decided_rule", RuleVersion.objects.select_related("rule"))


@dataclass(frozen=True, slots=True)
class Detail:
    """`refused` says why this viewer may not decide; empty where they may. `tiers` and `models`: what an approval may
    give of a tier. `grants`: what one gave."""

    access_request: AccessRequest
    tone: str
    due: Due | None
    position: int | None
    changes: Changes
    signals: list[Shown]
    progress: Progress
    mark: str
    filed: Filed | None
    timeline: list[Entry]
    links: list[str]
    tiers: list[Tier]
    models: list[ModelFacts]
    grants: list[Grant]
    refused: str
    reads_internal: bool
    claimed_by_viewer: bool
    reviewers: list[User]
    claim_left: str
    resubmission: Resubmission | None

    @property
    def decidable(self) -> bool:
        return allows(self.access_request.state, Action.APPROVE)

    @property
    def claimable(self) -> bool:
        return allows(self.access_request.state, Action.CLAIM)

    @property
    def releasable(self) -> bool:
        return allows(self.access_request.state, Action.RELEASE)

    @property
    def assignable(self) -> bool:
        return allows(self.access_request.state, Action.ASSIGN)

    @property
    def asleep(self) -> bool:
        return is_asleep(self.access_request)

    @property
    def woken(self) -> bool:
        return has_woken(self.access_request)

    @property
    def remarkable(self) -> bool:
        return allows(self.access_request.state, Action.REMARK)


def find(public_id: str) -> AccessRequest:
    """What was ever submitted, by public id, with all that a page shows of it. Raises NotFound. Three queries, and one
    more where a rule decided."""
    queryset = visible().select_related(*_JOINED).prefetch_related("application__domains", _RULE)
    found = queryset.filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    people = User.objects.in_bulk({pk for name in _PEOPLE if (pk := getattr(found, f"{name}_id")) is not None})
    for name in _PEOPLE:
        setattr(found, name, people.get(getattr(found, f"{name}_id")))
    return found


def detail(
    access_request: AccessRequest, viewer: User, catalogue: Catalogue, now: datetime, first: Decision | None = None
) -> Detail:
    """`first`: the first of two approvals. What would change is told of its terms, from which the second starts."""
    given = as_given(access_request, terms_in(first)) if first else ()
    reads_internal = policies.can_read_internal(viewer, access_request)
    refused = policies.why_not_review(viewer, access_request) or ""
    return Detail(
        access_request=access_request,
        tone=TONES[RequestState(access_request.state)],
        due=due(access_request, now),
        position=position(access_request, now),
        changes=changes_of(access_request, catalogue, now, given),
        signals=signals(access_request),
        progress=progress(access_request, now),
        mark=mark(access_request),
        filed=filed_as(access_request),
        timeline=timeline(access_request, viewer, internal=reads_internal),
        links=_web_addresses(access_request.links.split()),
        tiers=tiers_to_grant(access_request),
        models=models_of_tier(catalogue, access_request.tier, now),
        grants=given_by(access_request),
        refused=refused,
        reads_internal=reads_internal,
        claimed_by_viewer=access_request.claimed_by_id == viewer.pk,
        claim_left=_claim_left(access_request, now),
        resubmission=resubmission(access_request),
        reviewers=[] if refused else list(reviewers_of(access_request)),
    )


def changes_of(
    access_request: AccessRequest, catalogue: Catalogue, now: datetime, given: Sequence[GrantFacts] = ()
) -> Changes:
    """What an approval that gives this would change, or one as asked."""
    grants = grants_of({access_request.workspace_id})[access_request.workspace_id]
    tokens = _live_tokens(access_request, now)
    staffs = limits_by_staff([access_request])[access_request.pk]
    return changes(access_request, catalogue, grants, tokens, now, given=given, staffs=staffs)


def _claim_left(access_request: AccessRequest, now: datetime) -> str:
    """Empty where there is no claim to lapse."""
    ends_at = access_request.claim_ends_at
    if access_request.state != RequestState.IN_REVIEW or ends_at is None:
        return ""
    minutes = ceil(max(ends_at - now, timedelta(0)).total_seconds() / 60)
    return _("%(number)d min") % {"number": minutes}


def tiers_to_grant(access_request: AccessRequest) -> list[Tier]:
    """The asked one first, then those below it, but for the lowest, which is everybody's."""
    if access_request.tier is None:
        return []
    return list(Tier.objects.filter(rank__lte=access_request.tier.rank).order_by("-rank"))[:-1]


def _live_tokens(access_request: AccessRequest, now: datetime) -> list[Token]:
    live = Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), application=access_request.application_id)
    return list(live.filter(revoked_at=None).order_by("-id")[:100])


def _web_addresses(words: Sequence[str]) -> list[str]:
    """Only those that a browser may open: http and https."""
    return [word for word in words if word.startswith(("https://", "http://"))][:10]
