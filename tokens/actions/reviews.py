"""What a reviewer decides on an access request: ask, approve, reject. The decision is the effect:
grants, its own row and audit events are made in its own transaction. The applicant's mail waits (`decision_mails`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import clock
from accounts.audit import Actor
from accounts.errors import Invalid, NotAllowed
from accounts.models import User
from tiers.actions.grants import give_grant
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.models import AIModel, GrantSource, Tier
from tokens.actions.deciding import before, write_decision
from tokens.actions.messages import write_message
from tokens.actions.transitions import advance, locked
from tokens.lifecycle import Action
from tokens.models import AccessRequest, Decision, Outcome, RequestState, RuleVersion
from tokens.policies import approvals
from tokens.policies import decisions as decision_policies
from tokens.policies import requests as policies
from tokens.review_terms import CLAIM_LASTS, NOT_SNOOZED
from tokens.selectors.decisions import endorsement
from tokens.wording import clean_text

MOST_IN_REASON: Final = 2000


@transaction.atomic
def ask_for_changes(
    *, access_request: AccessRequest, version: int, text: str, batch: str = "", by: User
) -> AccessRequest:
    """Send it back with what is missing. It returns to whoever asked."""
    access_request = _to_decide(access_request, version, Action.ASK, by)
    restores = before(access_request, endorsement(access_request))
    message = write_message(access_request, text, by, field="note")
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
    write_decision(Outcome.CHANGES_REQUESTED, after, restores, by=by, note=message.text, batch=batch)
    return after


@transaction.atomic
def approve_request(
    *,
    access_request: AccessRequest,
    version: int,
    tier: Tier | None = None,
    until: datetime | None = None,
    limits: LimitFacts = NO_LIMITS,
    models: Sequence[str] = (),
    permissions: Sequence[str] = (),
    note: str = "",
    batch: str = "",
    rule: RuleVersion | None = None,
    by: Actor,
) -> AccessRequest:
    """Grant what was asked, or less, until an end or without one: a lower tier, some `models` of the asked one by name
    (beside a lower tier; without any they are all that is given), and of a model `permissions` fewer than all. `limits`
    may be others than the tier's. Where the terms of review want two approvals, this is the first, unless it is the
    second on the same terms. A `rule` decides by a task or the system, never in a person's name."""
    access_request = _to_decide(access_request, version, Action.APPROVE, by, rule)
    terms = approvals.terms_to_grant(access_request, tier, models, permissions, until, limits)
    note = clean_text(note, "note", MOST_IN_REASON)
    first = endorsement(access_request)
    restores = before(access_request, first)
    given: dict[str, Any] = {"note": note, "terms": terms, "batch": batch, "by": by}
    if not decision_policies.needs_two(access_request):
        return _approve(access_request, restores, None, rule, **given)
    decision_policies.check_not_by_rule(rule)
    if first is None or approvals.terms_in(first) != terms:
        return _endorse(access_request, restores, **given)
    decision_policies.check_second(by, first)
    return _approve(access_request, restores, first, rule, **given)


def _approve(
    access_request: AccessRequest,
    restores: dict[str, Any],
    first: Decision | None,
    rule: RuleVersion | None,
    *,
    note: str,
    terms: approvals.Terms,
    batch: str,
    by: Actor,
) -> AccessRequest:
    after = advance(
        access_request,
        Action.APPROVE,
        "request.approved",
        by=by,
        reason=note,
        more={"rule": str(rule)} if rule else {},
        decided_at=Now(),
        decided_by=by if isinstance(by, User) else None,
        decided_rule=rule,
        decision_reason=note,
        granted_tier=terms.tier,
        granted_models=list(terms.models),
        granted_until=terms.until,
        **NOT_SNOOZED,
    )
    _give(after, terms, note, by)
    approved: dict[str, Any] = {"terms": terms, "endorsement": first, "batch": batch}
    write_decision(Outcome.APPROVED, after, restores, by=by, rule=rule, note=note, **approved)
    return after


def _give(access_request: AccessRequest, terms: approvals.Terms, note: str, by: Actor) -> None:
    """A grant each of the tier, or the model that was asked for, and of the chosen models."""
    given: dict[str, Any] = {
        "workspace": access_request.workspace,
        "application_id": access_request.application_id,
        "permissions": terms.permissions,
        "source": GrantSource.REQUEST,
        "source_id": access_request.public_id,
        "reason": note,
        "ends_at": terms.until,
        "by": by,
    }
    if terms.tier or terms.model:
        give_grant(tier=terms.tier, model=terms.model, limits=terms.limits, **given)
    for model in AIModel.objects.filter(name__in=terms.models).order_by("name") if terms.models else ():
        give_grant(model=model, **given)


def _endorse(
    access_request: AccessRequest, restores: dict[str, Any], *, note: str, terms: approvals.Terms, batch: str, by: User
) -> AccessRequest:
    """The first of two approvals; in place of an earlier one on other terms. It stays with whoever has it."""
    claim: dict[str, Any] = {}
    if access_request.state == RequestState.SUBMITTED:
        claim = {"claimed_at": Now(), "claimed_by": by, "claim_ends_at": clock.now() + CLAIM_LASTS}
    after = advance(access_request, Action.ENDORSE, "request.endorsed", by=by, reason=note, **claim, **NOT_SNOOZED)
    write_decision(Outcome.ENDORSED, after, restores, by=by, note=note, terms=terms, batch=batch)
    return after


@transaction.atomic
def reject_request(
    *, access_request: AccessRequest, version: int, reason: str, batch: str = "", by: User
) -> AccessRequest:
    """Say no, and why. The applicant may ask again after the cool-down."""
    access_request = _to_decide(access_request, version, Action.REJECT, by)
    restores = before(access_request, endorsement(access_request))
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
        **NOT_SNOOZED,
    )
    write_decision(Outcome.REJECTED, after, restores, by=by, note=reason, batch=batch)
    return after


def _to_decide(
    access_request: AccessRequest, version: int, action: Action, by: Actor, rule: RuleVersion | None = None
) -> AccessRequest:
    """The request as it is now, if this person may decide it and has seen it as it is."""
    access_request = locked(access_request)
    if isinstance(by, User) == (rule is not None):
        raise NotAllowed(_("A person decides, or a rule."))
    if isinstance(by, User):
        policies.check_act(by, access_request, action)
    else:
        policies.check_state(access_request, action)
    policies.check_version(access_request, version)
    return access_request
