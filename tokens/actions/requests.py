"""What an applicant does with an access request: write, send, answer, withdraw."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from accounts import audit, clock, deferred
from accounts.errors import Conflict, Invalid
from accounts.models import User
from tiers.models import AIModel, Tier
from tokens import tasks
from tokens.actions import handling
from tokens.actions.mentions import mention
from tokens.actions.messages import write_message
from tokens.actions.transitions import advance, lock_workspace, locked, read
from tokens.evidence.tasks import gather
from tokens.lifecycle import Action
from tokens.models import AccessRequest, Application, RequestMessage, RequestState
from tokens.policies import requests as policies
from tokens.review_terms import CLAIM_LASTS, NOT_SNOOZED, terms_of
from tokens.wording import clean_text

EDITABLE: Final = ("tier", "model", "purpose", "expected_volume", "users", "links")
MOST_CHARACTERS: Final = {"purpose": 2000, "users": 300, "links": 1000}


@transaction.atomic
def save_draft(
    *,
    application: Application,
    tier: Tier | None = None,
    model: AIModel | None = None,
    purpose: str = "",
    expected_volume: int | None = None,
    users: str = "",
    links: str = "",
    by: User,
    draft: AccessRequest | None = None,
) -> AccessRequest:
    """Start a request, or go on with one that is not sent yet. It may be incomplete until it is submitted."""
    values = {
        "tier": tier,
        "model": model,
        "purpose": purpose,
        "expected_volume": expected_volume,
        "users": users,
        "links": links,
    }
    if draft is not None:
        return edit_request(access_request=draft, values=values, by=by)
    lock_workspace(application.workspace_id)
    policies.check_ask(by, application)
    policies.check_none_open(application, tier, model)
    policies.check_cooled_down(application, tier, model)
    policies.check_subject(application, tier, model)
    access_request = AccessRequest.objects.create(
        workspace_id=application.workspace_id,
        application=application,
        applicant=by,
        previous=policies.last_decided(application, tier, model),
        **_cleaned(values),
    )
    audit.record(
        "request.drafted",
        access_request,
        by=by,
        workspace=access_request.workspace,
        after={"application": application.public_id, **_subject(access_request)},
    )
    return read(access_request.pk)


@transaction.atomic
def edit_request(*, access_request: AccessRequest, values: Mapping[str, Any], by: User) -> AccessRequest:
    """Change what is written: of a draft all, of one sent back all but its subject."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.SAVE)
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise Invalid(_("This cannot be edited."), field=min(unknown))
    changed = {name: value for name, value in _cleaned(values).items() if getattr(access_request, name) != value}
    if {"tier", "model"} & set(changed):
        changed |= _new_subject(access_request, changed)
    if not changed:
        return access_request
    return advance(access_request, Action.SAVE, "request.edited", by=by, **changed)


@transaction.atomic
def submit_request(*, access_request: AccessRequest, by: User) -> AccessRequest:
    """Send it to the reviewers, the first time or again after changes. Its age counts from the first time."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.SUBMIT)
    application = access_request.application
    policies.check_ask(by, application)
    policies.check_cooled_down(application, access_request.tier, access_request.model)
    policies.check_subject(application, access_request.tier, access_request.model)
    policies.check_complete(access_request)
    again = access_request.state == RequestState.CHANGES_REQUESTED
    event = "request.resubmitted" if again else "request.submitted"
    after = advance(access_request, Action.SUBMIT, event, by=by, **waiting_from_now(access_request))
    tasks.after_commit(tasks.tell_reviewers, after, event)
    deferred.after_commit(gather, after.pk)
    return after


def waiting_from_now(access_request: AccessRequest) -> dict[str, Any]:
    """The columns of a request that is with the reviewers again. The time that it waited for the applicant does not
    count against them."""
    now, sent, asked = clock.now(), access_request.submitted_at, access_request.asked_at
    group = access_request.group
    if sent is None or access_request.due_at is None:
        terms = terms_of(access_request.tier)
        due_at, group = now + terms.target, group or terms.group
    else:
        due_at = access_request.due_at + (now - asked if asked else timedelta(0))
    claimed = access_request.claimed_by is not None
    return {
        "submitted_at": Coalesce("submitted_at", Now()),
        "due_at": due_at,
        "group": group,
        "asked_at": None,
        # What was found of the text before it is not of this one.
        "signals_at": None,
        "language": access_request.applicant.locale,
        "claim_ends_at": now + CLAIM_LASTS if claimed else None,
        **NOT_SNOOZED,
    }


@transaction.atomic
def withdraw_request(*, access_request: AccessRequest, by: User) -> AccessRequest:
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.WITHDRAW)
    return advance(access_request, Action.WITHDRAW, "request.withdrawn", by=by)


@transaction.atomic
def add_message(*, access_request: AccessRequest, text: str, by: User, internal: bool = False) -> RequestMessage:
    """Say something, as the applicant's side where this person belongs to the workspace, else as a reviewer. It
    leaves the state as it is: whoever was asked for changes still has to send the request again. An answer ends a
    snooze; a remark holds its author's claim; reviewers are mentioned among themselves alone."""
    access_request = locked(access_request)
    insider = policies.is_insider(by, access_request)
    action = Action.ANSWER if insider and not internal else Action.REMARK
    policies.check_act(by, access_request, action)
    message = write_message(access_request, text, by, internal=internal)
    if insider:
        access_request = handling.wake_for_answer(access_request)
        tasks.after_commit(tasks.tell_reviewers, access_request, "request.answered", message.pk)
        return message
    mention(message)
    handling.hold_on(access_request, by)
    if not internal:
        tasks.after_commit(tasks.tell_applicant, access_request, "request.remarked", message.pk)
    return message


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: clean_text(value, name, MOST_CHARACTERS[name]) if isinstance(value, str) else value
        for name, value in values.items()
    }


def _new_subject(access_request: AccessRequest, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Check another subject of a draft, and link what was decided on it before."""
    if access_request.state != RequestState.DRAFT:
        raise Conflict(_("What is asked for cannot change any more. Withdraw this one and ask anew."))
    tier = changed.get("tier", access_request.tier)
    model = changed.get("model", access_request.model)
    application = access_request.application
    policies.check_none_open(application, tier, model)
    policies.check_cooled_down(application, tier, model)
    policies.check_subject(application, tier, model)
    return {"previous": policies.last_decided(application, tier, model)}


def _subject(access_request: AccessRequest) -> dict[str, Any]:
    return {
        "tier": access_request.tier.slug if access_request.tier else None,
        "model": access_request.model.name if access_request.model else None,
    }
