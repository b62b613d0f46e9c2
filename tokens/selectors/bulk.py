"""What deciding many at once would do, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from tiers.facts import Catalogue, GrantFacts
from tokens.lifecycle import Action, allows
from tokens.models import AccessRequest, Decision, Outcome, ReviewTerms, Token
from tokens.policies.approvals import terms_in
from tokens.policies.requests import what_happened
from tokens.selectors.decisions import standing
from tokens.selectors.review_changes import Changes, as_given, changes, limits_by_staff
from tokens.selectors.review_filters import visible
from tokens.selectors.review_rows import grants_of

_JOINED = ("workspace", "application", "applicant", "tier", "model", "claimed_by", "decided_by", "decided_rule__rule")


@dataclass(frozen=True, slots=True)
class Line:
    """One of those chosen. `refused` says why this viewer cannot decide it now; `approval` is 1 or 2 where the terms of
    review want two."""

    access_request: AccessRequest
    changes: Changes
    refused: str
    approval: int
    first: Decision | None

    @property
    def item(self) -> str:
        return f"{self.access_request.public_id}:{self.access_request.version}"


def chosen(public_ids: Sequence[str]) -> list[AccessRequest]:
    """In the order of the queue."""
    found = visible().filter(public_id__in=public_ids).select_related(*_JOINED)
    return list(found.prefetch_related("application__domains").order_by("due_at", "id"))


def lines(found: Sequence[AccessRequest], viewer: User, catalogue: Catalogue, now: datetime) -> list[Line]:
    workspaces = {access_request.workspace_id for access_request in found}
    grants = grants_of(workspaces)
    own = set(Membership.objects.filter(user=viewer, workspace__in=workspaces).values_list("workspace_id", flat=True))
    endorsed = standing().filter(access_request__in=found, outcome=Outcome.ENDORSED).order_by("id")
    first = {decision.access_request_id: decision for decision in endorsed}
    two = set(ReviewTerms.objects.filter(approvals=2).values_list("tier_id", flat=True))
    tokens, staffs = _tokens(found, now), limits_by_staff(found)
    return [
        Line(
            access_request=access_request,
            changes=changes(
                access_request,
                catalogue,
                grants[access_request.workspace_id],
                tokens[access_request.application_id],
                now,
                given=_given(access_request, first.get(access_request.pk), viewer),
                staffs=staffs[access_request.pk],
            ),
            refused=_refused(access_request, own),
            approval=(2 if access_request.pk in first else 1) if access_request.tier_id in two else 0,
            first=first.get(access_request.pk),
        )
        for access_request in found
    ]


def _given(access_request: AccessRequest, first: Decision | None, viewer: User) -> Sequence[GrantFacts]:
    """A second approval gives what the first did; all others what was asked for."""
    if first is None or first.by_id == viewer.pk:
        return ()
    return as_given(access_request, terms_in(first))


def _refused(access_request: AccessRequest, own: set[int]) -> str:
    if access_request.workspace_id in own:
        return _("You belong to the workspace that asks, so somebody else has to review this one.")
    return "" if allows(access_request.state, Action.REJECT) else what_happened(access_request)


def _tokens(found: Sequence[AccessRequest], now: datetime) -> dict[int, list[Token]]:
    applications = {access_request.application_id for access_request in found}
    live = Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), application__in=applications)
    tokens: dict[int, list[Token]] = defaultdict(list)
    for token in live.filter(revoked_at=None).order_by("-id")[:1000]:
        tokens[token.application_id].append(token)
    return tokens
