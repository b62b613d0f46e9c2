"""What was decided on an access request, what of it stands, and what can be undone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from tokens import review_terms
from tokens.models import AccessRequest, Decision, Outcome, RuleVersion
from tokens.models.requests import TO_DECIDE
from tokens.policies import decisions as policies

_JOINED = (
    "access_request__application",
    "access_request__tier",
    "access_request__model",
    "by",
    "rule__rule",
    "rule__created_by",
    "tier",
    "endorsement__by",
)

# The same of `standing()`, for statements that are written by hand.
STANDS: Final = "undone_at IS NULL AND reopened_at IS NULL AND lapsed_at IS NULL"


def standing() -> QuerySet[Decision]:
    return Decision.objects.filter(undone_at=None, reopened_at=None, lapsed_at=None).select_related(*_JOINED)


def latest(access_request: AccessRequest) -> Decision | None:
    """The newest that stands. One query, and one more where a rule decided."""
    return _of(access_request).select_related("access_request", "by", "tier", "endorsement__by").first()


def endorsement(access_request: AccessRequest) -> Decision | None:
    """The first of two approvals, where one stands and the second is missing."""
    if access_request.state not in TO_DECIDE:
        return None
    return _of(access_request).filter(outcome=Outcome.ENDORSED).select_related("by", "tier").first()


def _of(access_request: AccessRequest) -> QuerySet[Decision]:
    """The newest first. What a page shows of them is joined by whoever asks, and no more: many joins take PostgreSQL
    longer to weigh than to make."""
    rules = Prefetch("rule", RuleVersion.objects.select_related("rule", "created_by"))
    found = standing().select_related(None).prefetch_related(rules)
    return found.filter(access_request=access_request).order_by("-id")


def undoable(decision: Decision, user: User) -> str:
    """Empty, or why this person cannot undo it now, in words."""
    return policies.why_not_undo(user, decision)


@dataclass(frozen=True, slots=True)
class Offer:
    """What this person may undo: their last decision, or all of the batch that it belongs to."""

    decision: Decision
    number: int
    left: timedelta

    @property
    def seconds(self) -> int:
        return max(1, round(self.left.total_seconds()))


def offer(user: User, now: datetime) -> Offer | None:
    """One small query where there is nothing to undo, as on most pages."""
    newest = standing().filter(by=user, at__gt=now - review_terms.UNDO_FOR).order_by("-at", "-id")
    return offered(newest.values_list("pk", flat=True).first(), user, now)


def offered(newest: int | None, user: User, now: datetime) -> Offer | None:
    """Of the newest of this person's decisions that stand, if it is new enough. Whether something happened since is
    found out by undoing. No query where there is none."""
    last = standing().filter(pk=newest).first() if newest is not None else None
    if last is None or last.version != last.access_request.version:
        return None
    number = standing().filter(by=user, batch=last.batch).count() if last.batch else 1
    return Offer(last, number, last.at + review_terms.UNDO_FOR - now)


def offer_of_a_rule(decision: Decision | None, now: datetime) -> Offer | None:
    """What a rule decided is every reviewer's to undo, as long as whoever decides by hand could. No query."""
    if decision is None or decision.rule_id is None or decision.version != decision.access_request.version:
        return None
    left = decision.at + review_terms.UNDO_FOR - now
    return Offer(decision, 1, left) if left > timedelta(0) else None
