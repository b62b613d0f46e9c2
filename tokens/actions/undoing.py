"""Taking a decision back: at once, as if it had not been made, or later, as a step of its own. Nothing is erased: the
decision, its audit event and what takes it back stay."""

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import clock
from accounts.errors import Conflict
from accounts.models import User
from tiers.actions.grants import take_back_grants
from tiers.models import GrantSource
from tokens import tasks
from tokens.actions.deciding import UNDECIDED, restored
from tokens.actions.transitions import advance, locked
from tokens.lifecycle import Action
from tokens.models import AccessRequest, Decision, Outcome
from tokens.policies import decisions as policies
from tokens.review_terms import CLAIM_LASTS, NOT_SNOOZED, terms_of
from tokens.selectors.decisions import latest, standing
from tokens.wording import clean_text

MOST_IN_REASON: Final = 2000


@transaction.atomic
def undo_decision(*, decision: Decision, by: User) -> AccessRequest:
    """Put the request back to what it was, and take back what the decision gave. By whoever decided (what a rule
    decided: by any reviewer), for as long as its mail waits, and while nothing rests on it.

    The time is judged under the lock of the workspace. Who mails takes that lock too, after the time has passed: so
    what was mailed is not undone, and what was undone is not mailed."""
    access_request = locked(decision.access_request)
    decision = Decision.objects.select_related("by", "rule__rule").get(pk=decision.pk)
    decision.access_request = access_request
    policies.check_undo(by, decision, clock.now())
    Decision.objects.filter(pk=decision.pk).update(undone_at=Now(), undone_by=by)
    state, first = decision.restores["state"], decision.restores["endorsement"]
    more = {"decision": decision.public_id}
    # The applicant never heard of a first approval.
    event = "request.endorsement_undone" if decision.outcome == Outcome.ENDORSED else "request.undone"
    kept = restored(decision)
    after = advance(access_request, Action.UNDO, event, by=by, back_to=state, more=more, **kept)
    if first is not None:
        Decision.objects.filter(pk=first).update(lapsed_at=None)
    if decision.outcome == Outcome.APPROVED:
        _take_back(after, _("The approval was undone."), by)
    return after


def undo_batch(*, batch: str, by: User) -> tuple[list[AccessRequest], list[tuple[Decision, str]]]:
    """Undo each decision that this person made in one go, in a transaction of its own: what was undone, and what could
    not be, with the reason."""
    undone, refused = list[AccessRequest](), list[tuple[Decision, str]]()
    for decision in _of_batch(batch, by):
        try:
            undone.append(undo_decision(decision=decision, by=by))
        except Conflict as error:
            refused.append((decision, str(error.message)))
    return undone, refused


def _of_batch(batch: str, by: User) -> Sequence[Decision]:
    return list(standing().filter(batch=batch, by=by).order_by("id")) if batch else []


@transaction.atomic
def reopen_request(*, access_request: AccessRequest, reason: str, by: User) -> AccessRequest:
    """Look at it again, at any time: what was given is taken back, and whoever reopens has it. The applicant is told
    why."""
    access_request = locked(access_request)
    policies.check_reopen(by, access_request)
    reason = clean_text(reason, "reason", MOST_IN_REASON)
    policies.check_reason(reason)
    decision = latest(access_request)
    if decision is not None:
        Decision.objects.filter(pk=decision.pk).update(reopened_at=Now(), reopened_by=by)
    now = clock.now()
    after = advance(
        access_request,
        Action.REOPEN,
        "request.reopened",
        by=by,
        reason=reason,
        more={"decision": decision.public_id if decision else None},
        claimed_at=Now(),
        claimed_by=by,
        claim_ends_at=now + CLAIM_LASTS,
        due_at=now + terms_of(access_request.tier).target,
        escalated_at=None,
        **UNDECIDED,
        **NOT_SNOOZED,
    )
    _take_back(after, reason, by)
    tasks.after_commit(tasks.tell_applicant, after, "request.reopened")
    return after


def _take_back(access_request: AccessRequest, reason: str, by: User) -> None:
    take_back_grants(
        workspace=access_request.workspace,
        source=GrantSource.REQUEST,
        source_id=access_request.public_id,
        reason=reason,
        by=by,
    )
