"""Mail about access requests and leaked tokens, and the folding of usage. Each mail is sent once: a repeated task finds
the mark that the first one left.

Nothing but the telling depends on these: a decision has taken effect before its mail is even queued.
"""

from collections.abc import Iterable
from typing import Any, Final

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse

from accounts import deferred
from accounts.backends import may_sign_in
from accounts.models import AuditEvent, Membership, MembershipRole, User
from tokens import decision_mails, mails
from tokens.gateway import folding, partitions
from tokens.links import APPLICANT, REVIEWER, link
from tokens.models import AccessRequest, RequestMessage, TokenSecret
from tokens.models.requests import TO_DECIDE
from tokens.review_terms import terms_of
from tokens.selectors.reviewers import reviewers_of

SENT_REMEMBERED: Final = 7 * 24 * 3600  # seconds


# A mail server that is away is tried again for some hours.
RETRIES: Final = {"autoretry_for": (OSError,), "retry_backoff": 30, "retry_backoff_max": 3600, "max_retries": 10}


def after_commit(task: Any, access_request: AccessRequest, event: str, message: int = 0) -> None:
    deferred.after_commit(task, access_request.pk, event, access_request.version, message)


@shared_task(**RETRIES)  # type: ignore[untyped-decorator]
def tell_applicant(pk: int, event: str, version: int, message: int = 0) -> None:
    """`message` tells two of one version apart: a message changes nothing of the request."""
    access_request = _read(pk)
    note = _reason(access_request, event) if event == "request.reopened" else ""
    _tell([access_request.applicant], access_request, event, f"{version}:{message}", APPLICANT, note)


@shared_task(**RETRIES)  # type: ignore[untyped-decorator]
def tell_reviewers(pk: int, event: str, version: int, message: int = 0) -> None:
    """Whoever has it, by claim or assignment, or decided it; while nobody has who may decide it still, its group, or
    all who may: but for an issue that was deleted on GitHub. Whom it was assigned to before this ran has a mail that
    says so."""
    access_request = _read(pk)
    of_one = access_request.claimed_by or access_request.assigned_to or access_request.decided_by
    if of_one is not None and not reviewers_of(access_request).filter(pk=of_one.pk).exists():
        of_one = None
    if of_one is not None and event == "request.submitted":
        return
    if of_one is None and event == "request.issue_deleted":
        return
    if of_one is not None:
        people: Iterable[User] = [of_one]
    elif event == "request.answered" or access_request.state in TO_DECIDE:
        people = _of_group(access_request) or reviewers_of(access_request)
    else:
        return
    _tell(people, access_request, event, f"{version}:{message}", REVIEWER)


def _of_group(access_request: AccessRequest) -> list[User]:
    """Of the group that it is with, else that of its terms: the members who may decide it. A group without one is no
    reason for nobody to hear of it."""
    group = access_request.group or terms_of(access_request.tier).group
    return list(reviewers_of(access_request).filter(review_groups=group)) if group else []


@shared_task(**RETRIES)  # type: ignore[untyped-decorator]
def tell_person(pk: int, event: str, person_pk: int, number: int) -> None:
    """A reviewer, of what is theirs now or where they are named. `number` is the message's, or the version's of what
    has none. What was taken from them since, they need not hear of."""
    access_request, person = _read(pk), User.objects.get(pk=person_pk)
    if event == "request.assigned" and access_request.assigned_to_id != person_pk:
        return
    message = RequestMessage.objects.select_related("author").filter(pk=number, access_request=pk).first()
    context = {
        "access_request": access_request,
        "event": event,
        "message": message if event != "request.assigned" else None,
        "link": link(REVIEWER, access_request, event),
    }
    if may_sign_in(person):
        _send_once(person, f"mail:{pk}:{event}:{number}:{person_pk}", "handling", context)


@shared_task(**RETRIES)  # type: ignore[untyped-decorator]
def tell_owners_of_leak(secret_pk: int) -> None:
    """Owners of the workspace, of a token that was found in public."""
    secret = TokenSecret.objects.select_related("token__application", "token__workspace").get(pk=secret_pk)
    token = secret.token
    where = settings.SITE_URL + reverse("tokens:detail", args=[token.public_id])
    context = {"token": token, "secret": secret, "link": where}
    owners = Membership.objects.filter(workspace=token.workspace, role=MembershipRole.OWNER).select_related("user")
    for person in (owner.user for owner in owners):
        if may_sign_in(person):
            _send_once(person, f"mail:leak:{secret_pk}:{person.pk}", "leak", context)


def _read(pk: int) -> AccessRequest:
    joined = (
        "applicant",
        "application",
        "tier",
        "model",
        "granted_tier",
        "claimed_by",
        "assigned_to",
        "decided_by",
        "group",
    )
    return AccessRequest.objects.select_related(*joined).get(pk=pk)


def _reason(access_request: AccessRequest, event: str) -> str:
    told = AuditEvent.objects.filter(subject_type="AccessRequest", subject_id=access_request.public_id, action=event)
    return told.order_by("-id").values_list("reason", flat=True).first() or ""


def _tell(
    people: Iterable[User], access_request: AccessRequest, event: str, mark: str, page: str, note: str = ""
) -> None:
    subject = access_request.tier or access_request.model
    context = {
        "asked": str(subject or ""),
        "access_request": access_request,
        "event": event,
        "link": link(page, access_request, event),
        "note": note,
    }
    for person in people:
        if may_sign_in(person):
            _send_once(person, f"mail:{access_request.pk}:{event}:{mark}:{person.pk}", "request", context)


def _send_once(person: User, mark: str, name: str, context: dict[str, Any]) -> None:
    if not cache.add(mark, True, SENT_REMEMBERED):
        return
    try:
        mails.send(person, name, context)
    except Exception:
        cache.delete(mark)
        raise


@shared_task  # type: ignore[untyped-decorator]
def mail_decisions() -> int:
    """The only way in which these mails are sent."""
    return decision_mails.send_due()


@shared_task  # type: ignore[untyped-decorator]
def fold_usage() -> int:
    return folding.fold()


@shared_task  # type: ignore[untyped-decorator]
def tidy_usage() -> list[str]:
    """Make the partitions of the months to come, and forget the processes that ended long ago."""
    folding.forget_old()
    return partitions.make_ahead()
