"""An issue that was deleted on GitHub: what was written there goes here too. It decides nothing; whoever has the access
request is told, and decides it, or asks its applicant anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from accounts import audit, clock
from accounts.audit import Actor
from tokens import tasks
from tokens.actions.deciding import WRITTEN
from tokens.actions.issue_import import known_as
from tokens.actions.transitions import locked, read
from tokens.evidence.elsewhere import repositories_of
from tokens.issue_import.messages import Message
from tokens.models import AccessRequest, Decision, ImportedComment, ImportedIssue, IssueForm, Outcome, Signal
from tokens.models.signals import SignalKind


def delete_issue(*, form: IssueForm, told: Message, at: datetime, by: Actor) -> None:
    """Maybe before it was ever heard of here: then only its id is kept, so that nothing that comes late brings it
    back. One that was moved away lives on elsewhere."""
    pk = _closed(form, told, at)
    if pk is not None:
        _erase(pk, told, at, by)


@transaction.atomic
def _closed(form: IssueForm, told: Message, at: datetime) -> int | None:
    """From here on no access request is made of it, so that the workspace of one that there is can be locked first."""
    place, issue = told.place, told.issue
    if known_as(place.id).exclude(issue_id=place.id).exists():
        return None
    row, _made = ImportedIssue.objects.get_or_create(
        issue_id=place.id,
        defaults={
            "form": form,
            "number": place.number,
            "author_id": issue.author if issue else 0,
            "author_login": issue.login if issue else "",
            "opened_at": issue.opened_at if issue else at,
            "updated_at": at,
        },
    )
    ImportedIssue.objects.filter(pk=row.pk).update(wanted_at=None, closed_at=Coalesce("closed_at", at))
    return row.pk


@transaction.atomic
def _erase(pk: int, told: Message, at: datetime, by: Actor) -> None:
    asked = AccessRequest.objects.filter(imported_issue=pk).first()
    if asked is not None:
        asked = locked(asked)
    issue = ImportedIssue.objects.select_for_update(no_key=True).get(pk=pk)
    if issue.deleted_at is not None:
        return
    ImportedComment.objects.filter(issue=issue, removed_at=None).update(body="", removed_at=at, changed_at=clock.now())
    nothing: dict[str, Any] = {"title": "", "body": "", "labels": [], "matched": {}, "unmatched": {}, "problem": ""}
    gone = ImportedIssue.objects.filter(pk=pk)
    gone.update(**nothing, url="", deleted_at=at, deleted_by=told.sender.login)
    after = {"sender": told.sender.id, "number": issue.number}
    if asked is None:
        audit.record("issue.deleted", issue, by=by, workspace=None, after=after)
        return
    _take_back(asked)
    audit.record("request.issue_deleted", asked, by=by, workspace=asked.workspace, after=after)
    if asked.is_open:
        tasks.after_commit(tasks.tell_reviewers, read(asked.pk), "request.issue_deleted")


def _take_back(asked: AccessRequest) -> None:
    """What came from the issue, and not what its applicant has written here since. What reviewers saw is not what
    stands there any more, so one that waits has another version."""
    given = _given(asked)
    left = {name: _nothing(value) for name, value in given.items() if getattr(asked, name) == value}
    for name, value in left.items():
        setattr(asked, name, value)
    columns: dict[str, Any] = {**left, "repositories": repositories_of(asked)}
    if "purpose" in left:
        columns["wording"] = []
    if asked.is_open:
        columns |= {"version": F("version") + 1, "updated_at": Now()}
    AccessRequest.objects.filter(pk=asked.pk).update(**columns)
    Signal.objects.filter(access_request=asked, kind=SignalKind.SAME_REPOSITORY).delete()
    for decision in Decision.objects.filter(access_request=asked):
        _forget(decision, given)


def _given(asked: AccessRequest) -> Mapping[str, Any]:
    """What was written in the issue when the access request was made of it. Only after changes were asked for can an
    applicant write anew, and that keeps what was there before."""
    first = Decision.objects.filter(access_request=asked, outcome=Outcome.CHANGES_REQUESTED).order_by("id").first()
    before: Mapping[str, Any] = first.restores.get("written", {}) if first else {}
    return {name: before.get(name, getattr(asked, name)) for name in WRITTEN}


def _forget(decision: Decision, given: Mapping[str, Any]) -> None:
    before: Mapping[str, Any] = decision.restores.get("written", {})
    left = {name: _nothing(value) if value == given[name] else value for name, value in before.items()}
    Decision.objects.filter(pk=decision.pk).update(restores={**decision.restores, "written": left})


def _nothing(value: object) -> str | None:
    return "" if isinstance(value, str) else None
