"""Setting how long and by how many access requests of a kind are handled. On the platform's audit chain."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import Invalid
from accounts.models import User
from tiers.models import Tier
from tokens.models import ReviewGroup, ReviewTerms
from tokens.policies import review_desk as policies

_TOLD: Final = ("target_hours", "escalate_hours", "approvals", "group", "escalation_group")


@dataclass(slots=True)
class RequestKind:
    """What the audit event of a kind's terms is about: "model", or "tier:" and the tier's slug."""

    public_id: str

    def __str__(self) -> str:
        return self.public_id


@transaction.atomic
def set_terms(
    *,
    tier: Tier | None,
    target_hours: int,
    escalate_hours: int | None,
    approvals: int,
    group: ReviewGroup | None,
    escalation_group: ReviewGroup | None,
    by: User,
) -> ReviewTerms:
    """From now on. What waits already keeps the time by which it was to be answered when it was sent: applicants were
    told, and a breach does not vanish because somebody moved the mark."""
    policies.check_manage(by)
    ReviewTerms.objects.get_or_create(tier=tier)
    terms = ReviewTerms.objects.select_for_update(of=("self",)).select_related("tier", "group", "escalation_group")
    row = terms.get(tier=tier)
    before = _told(row)
    row.target_hours, row.escalate_hours, row.approvals = target_hours, escalate_hours, approvals
    row.group, row.escalation_group = group, escalation_group
    policies.check_terms(row)
    after = _told(row)
    if before == after:
        raise Invalid(_("Nothing has changed."))
    changed = {name for name in _TOLD if before[name] != after[name]}
    ReviewTerms.objects.filter(pk=row.pk).update(updated_at=Now(), **{name: getattr(row, name) for name in changed})
    audit.record(
        "review_terms.set",
        RequestKind(f"tier:{tier.slug}" if tier else "model"),
        by=by,
        workspace=None,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    return row


def _told(row: ReviewTerms) -> dict[str, Any]:
    """As JSON, groups by name: an event outlives them."""
    return {
        "target_hours": row.target_hours,
        "escalate_hours": row.escalate_hours,
        "approvals": row.approvals,
        "group": row.group.name if row.group else None,
        "escalation_group": row.escalation_group.name if row.escalation_group else None,
    }
