"""What a reviewer decides on an access request: ask, approve, reject. The decision is the effect:
grants and audit events are made in its own transaction."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User
from tiers.actions.grants import give_grant
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.models import GrantPermission, GrantSource, Tier
from tiers.policies import check_window
from tokens import tasks
from tokens.actions.messages import write_message
from tokens.actions.transitions import advance, locked
from tokens.lifecycle import Action
from tokens.models import AccessRequest
from tokens.policies import requests as policies
from tokens.review_terms import NOT_SNOOZED
from tokens.wording import clean_text

MOST_IN_REASON: Final = 2000


@transaction.atomic
def ask_for_changes(*, access_request: AccessRequest, version: int, text: str, by: User) -> AccessRequest:
    """Send it back with what is missing. It returns to whoever asked."""
    access_request = _to_decide(access_request, version, Action.ASK, by)
    write_message(access_request, text, by, field="note")
    after = advance(
        access_request,
        Action.ASK,
        "request.changes_requested",
        by=by,
        claimed_at=Now(),
        claimed_by=by,
        claim_ends_at=None,
        asked_at=Now(),
        **NOT_SNOOZED,
    )
    tasks.after_commit(tasks.tell_applicant, after, "request.changes_requested")
    return after


@transaction.atomic
def approve_request(
    *,
    access_request: AccessRequest,
    version: int,
    tier: Tier | None = None,
    until: datetime | None = None,
    limits: LimitFacts = NO_LIMITS,
    note: str = "",
    by: User,
) -> AccessRequest:
    """Grant what was asked, or a lower tier, until an end or without one. Never more than was asked; `limits`
    may be others than the tier's."""
    access_request = _to_decide(access_request, version, Action.APPROVE, by)
    granted = _tier_to_grant(access_request, tier)
    check_window(None, until)
    note = clean_text(note, "note", MOST_IN_REASON)
    after = advance(
        access_request,
        Action.APPROVE,
        "request.approved",
        by=by,
        reason=note,
        decided_at=Now(),
        decided_by=by,
        decision_reason=note,
        granted_tier=granted,
        granted_until=until,
    )
    give_grant(
        workspace=after.workspace,
        tier=granted,
        model=after.model,
        application_id=after.application_id,
        permissions=list(GrantPermission) if after.model else (GrantPermission.GENERATE,),
        source=GrantSource.REQUEST,
        source_id=after.public_id,
        reason=note,
        ends_at=until,
        limits=limits,
        by=by,
    )
    tasks.after_commit(tasks.tell_applicant, after, "request.approved")
    return after


@transaction.atomic
def reject_request(*, access_request: AccessRequest, version: int, reason: str, by: User) -> AccessRequest:
    """Say no, and why. The applicant may ask again after the cool-down."""
    access_request = _to_decide(access_request, version, Action.REJECT, by)
    reason = clean_text(reason, "note", MOST_IN_REASON)
    if not reason:
        raise Invalid(_("Say why. The applicant reads this, and can then do something about it."), field="note")
    after = advance(
        access_request,
        Action.REJECT,
        "request.rejected",
        by=by,
        reason=reason,
        decided_at=Now(),
        decided_by=by,
        decision_reason=reason,
    )
    tasks.after_commit(tasks.tell_applicant, after, "request.rejected")
    return after


def _to_decide(access_request: AccessRequest, version: int, action: Action, by: User) -> AccessRequest:
    """The request as it is now, if this person may decide it and has seen it as it is."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, action)
    policies.check_version(access_request, version)
    return access_request


def _tier_to_grant(access_request: AccessRequest, tier: Tier | None) -> Tier | None:
    asked = access_request.tier
    if asked is None:
        if tier is not None:
            raise Invalid(_("This access request is for a model, not for a tier."), field="tier")
        return None
    chosen = tier or asked
    if chosen.rank > asked.rank:
        message = _("%(tier)s is more than was asked for. Grant %(asked)s or less.")
        raise Invalid(message % {"tier": chosen.slug, "asked": asked.slug}, field="tier")
    if not Tier.objects.filter(rank__lt=chosen.rank).exists():
        raise Invalid(_("%(tier)s is open to everybody: choose a higher tier.") % {"tier": chosen.slug}, field="tier")
    return chosen
