"""Mails to the members of a group before which an access request was brought, once each.

The audit is the outbox: it says what was brought before others, and who was told of it. A worker that is killed between
a mail and its event lets it be sent again, which is better than never."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import audit, clock
from accounts.backends import may_sign_in
from accounts.models import AuditEvent, User
from tiers.claims import claimed
from tokens.mailing import send
from tokens.models import AccessRequest
from tokens.models.requests import TO_DECIDE
from tokens.selectors.reviewers import reviewers_of

ESCALATED: Final = "request.escalated"
TOLD: Final = "request.escalation_mailed"
# A mail server that was away for longer delivers no news any more.
_NEWS: Final = timedelta(days=3)
_BY: Final = audit.Task("tokens.sweeps.mail_escalations")


def mail_owed() -> int:
    """Tell who was not told yet; how many mails that were."""
    events = AuditEvent.objects.filter(action__in=[ESCALATED, TOLD], at__gt=clock.now() - _NEWS)
    told: dict[str, set[str]] = {}
    for action, public_id, after in events.order_by("id").values_list("action", "subject_id", "after"):
        if action == ESCALATED:
            told[public_id] = set()
        elif public_id in told:
            told[public_id].add(after["to"])
    waiting = AccessRequest.objects.filter(public_id__in=told, state__in=TO_DECIDE, group__isnull=False)
    found = waiting.select_related("group").prefetch_related("group__members").order_by("due_at", "id")
    return sum(_tell(one) for one in found if _members(one) - told[one.public_id])


def _members(access_request: AccessRequest) -> set[str]:
    return {person.public_id for person in access_request.group.members.all()} if access_request.group else set()


def _tell(access_request: AccessRequest) -> int:
    with claimed(f"escalation:{access_request.pk}") as ours:
        if not ours:
            return 0
        told = _told(access_request)
        people = reviewers_of(access_request).filter(review_groups=access_request.group_id)
        owed = [person for person in people if person.public_id not in told and may_sign_in(person)]
        for person in owed:
            _tell_person(access_request, person)
    return len(owed)


def _told(access_request: AccessRequest) -> set[str]:
    """Since it was last brought before others: what was reopened may be late once more."""
    events = AuditEvent.objects.filter(subject_type="AccessRequest", subject_id=access_request.public_id)
    brought = events.filter(action=ESCALATED).order_by("-id").values("id")[:1]
    return set(events.filter(action=TOLD, id__gt=brought).values_list("after__to", flat=True))


def _tell_person(access_request: AccessRequest, person: User) -> None:
    access_request = AccessRequest.objects.select_related("workspace", "application", "tier", "model", "group").get(
        pk=access_request.pk
    )
    link = settings.SITE_URL + reverse("review:detail", args=[access_request.public_id])
    asked = access_request.tier or access_request.model
    send(person, "escalation", {"access_request": access_request, "asked": str(asked), "link": link})
    with transaction.atomic():
        after = {"to": person.public_id}
        audit.record(TOLD, access_request, by=_BY, workspace=access_request.workspace, after=after)
