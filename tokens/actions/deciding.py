"""The row that every decision writes, in the transaction of its effect: the terms, and what undoing restores."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from accounts.audit import Actor
from accounts.models import User
from tiers.limit_rules import as_columns
from tokens import review_terms
from tokens.models import AccessRequest, Decision, Outcome, RuleVersion
from tokens.policies.approvals import NOTHING, Terms

# The columns that a decision changes and that were not empty before it.
_KEPT: Final = (
    "claimed_at",
    "claimed_by_id",
    "claim_ends_at",
    "asked_at",
    "due_at",
    "snoozed_at",
    "snoozed_until",
    "snoozed_by_id",
)
# What the applicant had written, to compare with what they write when they are asked.
WRITTEN: Final = ("purpose", "expected_volume", "users", "links")
_MOMENTS: Final = frozenset(name for name in _KEPT if not name.endswith("_id"))
UNDECIDED: Final[dict[str, Any]] = {
    "decided_at": None,
    "decided_by": None,
    "decided_rule": None,
    "decision_reason": "",
    "granted_tier": None,
    "granted_models": [],
    "granted_until": None,
}


def before(access_request: AccessRequest, endorsement: Decision | None) -> dict[str, Any]:
    """What the request is, for `restored`."""
    kept = {name: getattr(access_request, name) for name in _KEPT}
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in kept.items()}
    written = {name: getattr(access_request, name) for name in WRITTEN}
    standing = endorsement.pk if endorsement else None
    return {"state": access_request.state, "endorsement": standing, "columns": plain, "written": written}


def restored(decision: Decision) -> dict[str, Any]:
    """The columns as they were before the decision."""
    kept: Mapping[str, Any] = decision.restores["columns"]
    moments = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in _MOMENTS}
    return {**kept, **moments, **UNDECIDED}


def write_decision(
    outcome: Outcome,
    after: AccessRequest,
    restores: dict[str, Any],
    *,
    by: Actor,
    rule: RuleVersion | None = None,
    note: str,
    terms: Terms = NOTHING,
    endorsement: Decision | None = None,
    batch: str = "",
) -> Decision:
    """Belongs in the transaction that moved the request to `after`. A first approval is told to nobody."""
    return Decision.objects.create(
        access_request=after,
        outcome=outcome,
        by=by if isinstance(by, User) else None,
        rule=rule,
        at=after.updated_at,
        version=after.version,
        note=note,
        tier=terms.tier,
        model=terms.model,
        chosen_models=list(terms.models),
        permissions=list(terms.permissions),
        until=terms.until,
        endorsement=endorsement,
        restores=restores,
        batch=batch,
        mail_at=None if outcome == Outcome.ENDORSED else after.updated_at + review_terms.UNDO_FOR,
        **as_columns(terms.limits),
    )
