"""Bringing what nobody answered before another group of reviewers. Time does it, and nobody needs to remember."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit, clock
from accounts.audit import Actor
from tokens.actions.transitions import locked
from tokens.models import AccessRequest, ReviewGroup, ReviewTerms
from tokens.models.requests import TO_DECIDE
from tokens.review_terms import NOT_SNOOZED, is_asleep

A_SWEEP: Final = 200


def escalate_due(*, by: Actor) -> int:
    """All whose time is over by as much as their kind's terms say; how many. Being snoozed does not stop the clock,
    waiting for the applicant does: that was added to the time by which it is due."""
    now = clock.now()
    rows = ReviewTerms.objects.filter(escalate_hours__isnull=False, escalation_group__isnull=False)
    return sum(_escalate_kind(terms, now, by) for terms in rows.select_related("escalation_group"))


def _escalate_kind(terms: ReviewTerms, now: datetime, by: Actor) -> int:
    if terms.escalate_hours is None or terms.escalation_group is None:
        return 0
    due_before = now - timedelta(hours=terms.escalate_hours - terms.target_hours)
    late = AccessRequest.objects.filter(
        state__in=TO_DECIDE, escalated_at=None, tier=terms.tier_id, due_at__lte=due_before
    ).order_by("due_at", "id")
    return sum(_escalate(access_request, terms.escalation_group, due_before, by) for access_request in late[:A_SWEEP])


@transaction.atomic
def _escalate(access_request: AccessRequest, group: ReviewGroup, due_before: datetime, by: Actor) -> bool:
    """Once. It gets no new version: whoever is deciding it may go on. Who has it keeps it; a snooze ends."""
    access_request = locked(access_request)
    due_at = access_request.due_at
    if access_request.state not in TO_DECIDE or access_request.escalated_at or due_at is None or due_at > due_before:
        return False
    values = NOT_SNOOZED if is_asleep(access_request) else {}
    changed = AccessRequest.objects.filter(pk=access_request.pk, escalated_at=None).update(
        escalated_at=Now(), group=group, updated_at=Now(), **values
    )
    audit.record(
        "request.escalated",
        access_request,
        by=by,
        workspace=access_request.workspace,
        before={"group": access_request.group.name if access_request.group else None},
        after={"group": group.name},
    )
    return bool(changed)
