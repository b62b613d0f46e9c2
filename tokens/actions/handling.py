"""How reviewers share the work on an access request: who has it and until when, and when it comes back."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit, clock, deferred
from accounts.audit import Actor
from accounts.errors import Conflict, Invalid
from accounts.models import User
from accounts.names import isolated
from tokens import tasks
from tokens.actions.mentions import mention, tell_mentioned
from tokens.actions.messages import write_message
from tokens.actions.transitions import advance, locked
from tokens.lifecycle import Action
from tokens.models import AccessRequest, RequestState, ReviewGroup
from tokens.models.requests import TO_DECIDE
from tokens.policies import requests as policies
from tokens.review_terms import CLAIM_LASTS, NOT_CLAIMED, NOT_SNOOZED, is_asleep

LONGEST_SNOOZE: Final = timedelta(days=365)
A_SWEEP: Final = 200  # rows at a time


@transaction.atomic
def claim_request(*, access_request: AccessRequest, by: User) -> AccessRequest:
    """Put a name on it, for a while. Others may still decide it: a claim tells, it does not lock."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.CLAIM)
    return advance(access_request, Action.CLAIM, "request.claimed", by=by, **_claimed(access_request, by))


@transaction.atomic
def release_request(*, access_request: AccessRequest, by: User) -> AccessRequest:
    """Give it back to the queue. Only who has it: others take it over, with a word."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.RELEASE)
    if access_request.claimed_by_id != by.pk:
        raise Conflict(policies.what_happened(access_request), **policies.happened(access_request))
    return advance(access_request, Action.RELEASE, "request.released", by=by, **NOT_CLAIMED)


@transaction.atomic
def take_over_request(*, access_request: AccessRequest, version: int, word: str, by: User) -> AccessRequest:
    """Take what another has claimed, and tell them. `version` is the row that was seen, so that of two who take it
    over at once the second learns of the first."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.TAKE_OVER)
    policies.check_version(access_request, version)
    holder = access_request.claimed_by
    if holder is None or holder == by:
        raise Conflict(_("You have it already."))
    message = write_message(access_request, word, by, field="word", internal=True)
    tell_mentioned(message, [holder], "request.taken_over")
    mention(message, told=holder)
    return advance(access_request, Action.TAKE_OVER, "request.taken_over", by=by, **_claimed(access_request, by))


@transaction.atomic
def assign_request(
    *,
    access_request: AccessRequest,
    to: User | None,
    group: ReviewGroup | None,
    by: Actor,
    version: int | None = None,
) -> AccessRequest:
    """Say whose it is to decide: a person, a group, both or nobody; both are set as they are given. It ends a snooze.
    By a person or by a rule; `version` where somebody looked at it before."""
    access_request = locked(access_request)
    _check_by(by, access_request, Action.ASSIGN)
    if version is not None:
        policies.check_version(access_request, version)
    if to is not None and (why := policies.why_not_review(to, access_request)) is not None:
        raise Invalid(
            _("%(name)s cannot review it. %(why)s") % {"name": isolated(to.display_name), "why": why}, field="to"
        )
    if access_request.assigned_to == to and access_request.group == group:
        return access_request
    more = {"to": to.display_name if to else "", "group": group.name if group else ""}
    after = advance(
        access_request,
        Action.ASSIGN,
        "request.assigned",
        by=by,
        more=more,
        assigned_to=to,
        group=group,
        **_held(access_request, by),
        **NOT_SNOOZED,
    )
    if to is not None and to != by and to != access_request.assigned_to:
        deferred.after_commit(tasks.tell_person, after.pk, "request.assigned", to.pk, after.version)
    return after


@transaction.atomic
def snooze_request(*, access_request: AccessRequest, version: int, until: datetime | None, by: User) -> AccessRequest:
    """Put it off until a time, or (None) until the applicant answers. An answer ends either."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.SNOOZE)
    policies.check_version(access_request, version)
    now = clock.now()
    if until is not None and not now < until <= now + LONGEST_SNOOZE:
        raise Invalid(_("Choose a day to come, within a year."), field="day")
    values = {"snoozed_at": now, "snoozed_until": until, "snoozed_by": by, **_held(access_request, by)}
    more = {"until": until.isoformat() if until else ""}
    return advance(access_request, Action.SNOOZE, "request.snoozed", by=by, more=more, **values)


@transaction.atomic
def wake_request(*, access_request: AccessRequest, by: User) -> AccessRequest:
    """Have it back in the queue now."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.WAKE)
    if access_request.snoozed_at is None:
        raise Conflict(policies.what_happened(access_request), **policies.happened(access_request))
    return advance(access_request, Action.WAKE, "request.woke", by=by, **_held(access_request, by), **NOT_SNOOZED)


def wake_for_answer(access_request: AccessRequest) -> AccessRequest:
    """Belongs in the transaction of the answer."""
    return _woken(access_request, audit.System("answer"), "answer") if is_asleep(access_request) else access_request


def hold_on(access_request: AccessRequest, by: User) -> None:
    """A claim lasts while its holder acts. Belongs in the transaction of the act; no change for anybody's eyes, and so
    no new version."""
    held = AccessRequest.objects.filter(pk=access_request.pk, state=RequestState.IN_REVIEW, claimed_by=by)
    held.update(claim_ends_at=clock.now() + CLAIM_LASTS)


def lapse_claims() -> int:
    """Give back what nobody went on with. Each is one transaction, and looked at anew in it."""
    over = AccessRequest.objects.filter(state=RequestState.IN_REVIEW, claim_ends_at__lte=Now())
    return sum(map(_lapse, over.order_by("claim_ends_at")[:A_SWEEP]))


@transaction.atomic
def _lapse(access_request: AccessRequest) -> bool:
    access_request = locked(access_request)
    ends_at = access_request.claim_ends_at
    if access_request.state != RequestState.IN_REVIEW or ends_at is None or ends_at > clock.now():
        return False
    by, name = audit.Task("tokens.sweeps.lapse_claims"), access_request.claimed_by
    more = {"of": name.display_name if name else ""}
    advance(access_request, Action.RELEASE, "request.claim_lapsed", by=by, more=more, **NOT_CLAIMED)
    return True


def wake_due() -> int:
    """Bring back what was put off until now."""
    due = AccessRequest.objects.filter(state__in=TO_DECIDE, snoozed_until__lte=Now(), snoozed_at__lt=F("snoozed_until"))
    return sum(map(_wake, due.order_by("snoozed_until")[:A_SWEEP]))


@transaction.atomic
def _wake(access_request: AccessRequest) -> bool:
    access_request = locked(access_request)
    at, until = access_request.snoozed_at, access_request.snoozed_until
    if access_request.state not in TO_DECIDE or at is None or until is None or not at < until <= clock.now():
        return False
    _woken(access_request, audit.Task("tokens.sweeps.wake_snoozed"), "date")
    return True


def _woken(access_request: AccessRequest, by: Actor, because: str) -> AccessRequest:
    """It keeps who put it off, and has the moment as both its times: so the queue can say that it woke, until a
    reviewer acts on it."""
    now = clock.now()
    values: dict[str, Any] = {"snoozed_at": now, "snoozed_until": now}
    return advance(access_request, Action.WAKE, "request.woke", by=by, more={"because": because}, **values)


def _claimed(access_request: AccessRequest, by: User) -> dict[str, Any]:
    """Whoever takes it up has seen that it woke."""
    now = clock.now()
    seen = {} if is_asleep(access_request) else NOT_SNOOZED
    return {"claimed_at": now, "claimed_by": by, "claim_ends_at": now + CLAIM_LASTS, **seen}


def _held(access_request: AccessRequest, by: Actor) -> dict[str, Any]:
    """The claim goes on where its holder acts."""
    if access_request.state != RequestState.IN_REVIEW or access_request.claimed_by != by:
        return {}
    return {"claim_ends_at": clock.now() + CLAIM_LASTS}


def _check_by(by: Actor, access_request: AccessRequest, action: Action) -> None:
    """A rule may do what its author was asked about when it was switched on; a person is asked now."""
    if isinstance(by, User):
        policies.check_act(by, access_request, action)
    else:
        policies.check_state(access_request, action)
