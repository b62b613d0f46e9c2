"""What was written under issues that were brought in. It changes no access request: reviewers and the applicant read it
in the conversation."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from accounts import clock
from tokens.issue_import.comments import Comment
from tokens.models import ImportedComment, ImportedIssue, IssueForm


@transaction.atomic
def keep_comments(*, issue: ImportedIssue, comments: Iterable[Comment]) -> int:
    """Each once, by its immutable id; of one that came before, what is newer. How many were new or changed. What was
    deleted on GitHub does not come back with an older file, nor what stood under an issue that was."""
    given = {comment.id: comment for comment in comments}
    if not given or _is_deleted(issue):
        return 0
    known = {row.comment_id: row for row in ImportedComment.objects.filter(comment_id__in=given)}
    new = [_row(issue, comment) for comment in given.values() if comment.id not in known]
    ImportedComment.objects.bulk_create(new, ignore_conflicts=True)
    changed = [row for row in known.values() if row.issue_id == issue.pk and _is_newer(given[row.comment_id], row)]
    for row in changed:
        comment = given[row.comment_id]
        when = {"changed_at": clock.now()} if comment.body != row.body else {}
        ImportedComment.objects.filter(pk=row.pk, removed_at=None).update(**_columns(comment), **when)
    return len(new) + len(changed)


def keep_alone(*, form: IssueForm, comments: Iterable[Comment]) -> tuple[int, int]:
    """Comments of a list by themselves, by the number of their issue: how many were new or changed, and how many are
    on issues that are not here."""
    by_issue: dict[int, list[Comment]] = defaultdict(list)
    for comment in comments:
        by_issue[comment.issue].append(comment)
    found = ImportedIssue.objects.filter(form=form, moved_to="", number__in=by_issue)
    kept = sum(keep_comments(issue=issue, comments=by_issue.pop(issue.number, ())) for issue in found)
    return kept, sum(map(len, by_issue.values()))


def remove_comment(*, issue: ImportedIssue, comment: Comment) -> None:
    """It was deleted on GitHub, maybe before it was ever heard of here."""
    gone = {"body": "", "removed_at": clock.now()}
    ImportedComment.objects.bulk_create([_row(issue, comment, **gone)], ignore_conflicts=True)
    there = ImportedComment.objects.filter(comment_id=comment.id, issue=issue, removed_at=None)
    there.update(**gone, changed_at=gone["removed_at"])


def _is_deleted(issue: ImportedIssue) -> bool:
    locked = ImportedIssue.objects.select_for_update(no_key=True).values_list("deleted_at", flat=True)
    return locked.get(pk=issue.pk) is not None


def _is_newer(given: Comment, row: ImportedComment) -> bool:
    """Where nobody says when it was edited, another text is an edit."""
    return row.removed_at is None and given.updated_at >= row.updated_at and _differs(given, row)


def _differs(given: Comment, row: ImportedComment) -> bool:
    return (given.body, given.updated_at) != (row.body, row.updated_at) or (
        given.author is not None and row.author_id is None
    )


def _row(issue: ImportedIssue, comment: Comment, **more: Any) -> ImportedComment:
    return ImportedComment(issue=issue, comment_id=comment.id, at=comment.at, **{**_columns(comment), **more})


def _columns(comment: Comment) -> dict[str, Any]:
    """A file that names no author takes nobody's name from what another said."""
    columns: dict[str, Any] = {"url": comment.url, "body": comment.body, "updated_at": comment.updated_at}
    if comment.author is not None:
        columns |= {"author_id": comment.author}
    return {**columns, "author_login": comment.login}
