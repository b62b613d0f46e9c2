"""An issue that was transferred to another repository of GitHub's: the same one here, by its new id."""

from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts import audit
from accounts.audit import Actor
from tokens.actions.issue_import import known_as
from tokens.actions.transitions import locked
from tokens.issue_import.messages import Place, Repository, Sender
from tokens.models import AccessRequest, ImportedComment, ImportedIssue, IssueForm


@transaction.atomic
def move_issue(*, old: Place, to: Place, sender: Sender, by: Actor) -> None:
    """Told again, or after a later move, it changes nothing. What had come in of its new place by itself becomes part
    of it, unless there is an access request of both."""
    asked = AccessRequest.objects.filter(imported_issue__in=known_as(old.id)).first()
    if asked is not None:
        asked = locked(asked)
    issue = known_as(old.id).select_for_update(no_key=True, of=("self",)).select_related("form").first()
    if issue is None or issue.deleted_at is not None or to.id in issue.former_ids or _stands(issue, to):
        return
    other = ImportedIssue.objects.select_for_update().filter(issue_id=to.id).exclude(pk=issue.pk).first()
    if other is not None and not _joined(issue, other):
        return
    before = f"{issue.in_repository}#{issue.number}"
    ImportedIssue.objects.filter(pk=issue.pk).update(**_columns(issue, to, sender))
    told = {"from": before, "to": f"{to.repository.name}#{to.number}", "sender": sender.id}
    if asked is not None:
        audit.record("request.issue_moved", asked, by=by, workspace=asked.workspace, after=told)
    else:
        audit.record("issue.moved", issue, by=by, workspace=None, after=told)


def _stands(issue: ImportedIssue, to: Place) -> bool:
    there = (issue.issue_id, issue.number, issue.in_repository.casefold())
    return there == (to.id, to.number, to.repository.name.casefold())


def _joined(issue: ImportedIssue, other: ImportedIssue) -> bool:
    """Whether the row of the new id could be given up."""
    if other.access_request_id is not None or other.deleted_at is not None:
        return False
    ImportedComment.objects.filter(issue=other).update(issue=issue)
    other.delete()
    return True


def _columns(issue: ImportedIssue, to: Place, sender: Sender) -> dict[str, Any]:
    form = _form_of(to.repository)
    return {
        "issue_id": to.id,
        "former_ids": [*issue.former_ids, *([issue.issue_id] if issue.issue_id != to.id else [])],
        "number": to.number,
        "url": to.url,
        "form": form or issue.form,
        "moved_to": "" if form else to.repository.name,
        "moved_by": sender.login,
    }


def _form_of(repository: Repository) -> IssueForm | None:
    named = Q(repository_id=repository.id) | Q(repository_id=None, repository__iexact=repository.name)
    return IssueForm.objects.filter(named, retired_at=None).order_by("repository_id").first()
