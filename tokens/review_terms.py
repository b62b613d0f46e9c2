"""How long and by how many an access request is handled: the terms that staff set, or the defaults."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from tiers.models import Tier
from tokens.models import AccessRequest, ReviewGroup, ReviewTerms

# A claim lapses after this, so that nobody who went home holds a request.
CLAIM_LASTS: Final = timedelta(hours=2)
# For this long a decision can be undone, and its mail waits.
UNDO_FOR: Final = timedelta(seconds=30)
NOT_CLAIMED: Final[dict[str, Any]] = {"claimed_at": None, "claimed_by": None, "claim_ends_at": None}
NOT_SNOOZED: Final[dict[str, Any]] = {"snoozed_at": None, "snoozed_until": None, "snoozed_by": None}


@dataclass(frozen=True, slots=True)
class Terms:
    """`escalate_after` counts from the sending, like `target`; None: never brought before others."""

    target: timedelta = timedelta(hours=ReviewTerms.TARGET_HOURS)
    escalate_after: timedelta | None = None
    approvals: int = ReviewTerms.APPROVALS
    group: ReviewGroup | None = None
    escalation_group: ReviewGroup | None = None


def terms_of(tier: Tier | None) -> Terms:
    """Of requests for this tier, or for a model where there is none. One query."""
    row = ReviewTerms.objects.select_related("group", "escalation_group").filter(tier=tier).first()
    if row is None:
        return Terms()
    escalate = timedelta(hours=row.escalate_hours) if row.escalate_hours is not None else None
    return Terms(timedelta(hours=row.target_hours), escalate, row.approvals, row.group, row.escalation_group)


def is_asleep(access_request: AccessRequest) -> bool:
    """Put off, and not woken since: what woke has one moment as both times, until a reviewer acts on it."""
    return access_request.snoozed_at is not None and access_request.snoozed_at != access_request.snoozed_until


def has_woken(access_request: AccessRequest) -> bool:
    return access_request.snoozed_at is not None and access_request.snoozed_at == access_request.snoozed_until
