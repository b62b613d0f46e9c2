"""What GitHub's webhook tells of issues and comments, applied as often as it is tried, in whatever order it comes."""

from typing import Final

from accounts.audit import System
from tiers.models import ProviderEvent
from tiers.payments import Unusable
from tokens.actions.issue_comments import keep_comments, remove_comment
from tokens.actions.issue_deleting import delete_issue
from tokens.actions.issue_erasing import erase_comment_if_deleted, erase_issue
from tokens.actions.issue_import import known_as, take_in
from tokens.actions.issue_moving import move_issue
from tokens.issue_import.messages import Message, read_message
from tokens.issue_import.values import Unreadable
from tokens.models import ImportedIssue, IssueForm

BY: Final = System("GitHub webhook")


def apply_event(event: ProviderEvent) -> None:
    """Take in what a stored message says. The access request is made by the sweep; a comment asks for none. Raises
    Unusable for what is in no shape of GitHub's."""
    form = IssueForm.objects.get(public_id=event.source)
    erase_comment_if_deleted(event=event)
    event.refresh_from_db(fields=["body"])
    try:
        told = read_message(bytes(event.body), event.kind)
    except Unreadable as error:
        raise Unusable(str(error)) from error
    if form.repository_id is None:
        IssueForm.objects.filter(pk=form.pk, repository_id=None).update(repository_id=told.place.repository.id)
    if not told.pull:
        _hear(form, event, told)


def _hear(form: IssueForm, event: ProviderEvent, told: Message) -> None:
    if event.kind == "issues.deleted":
        delete_issue(form=form, told=told, at=event.received_at, by=BY)
    elif told.moved_to is not None:
        take_in(form=form, issues=[told.issue] if told.issue else [])
        move_issue(old=told.place, to=told.moved_to, sender=told.sender, by=BY)
    else:
        if told.moved_from is not None:
            move_issue(old=told.moved_from, to=told.place, sender=told.sender, by=BY)
        take_in(form=form, issues=[told.issue] if told.issue else [], wanted=told.comment is None)
    kept = known_as(told.place.id).first()
    if kept is not None and kept.deleted_at is not None:
        erase_issue(event=event, ids={kept.issue_id, *kept.former_ids})
    elif kept is not None and told.comment is not None and kept.form_id == form.pk:
        _hear_comment(kept, event, told)


def _hear_comment(issue: ImportedIssue, event: ProviderEvent, told: Message) -> None:
    if told.comment is None:
        return
    if event.kind == "issue_comment.deleted":
        remove_comment(issue=issue, comment=told.comment)
    else:
        keep_comments(issue=issue, comments=[told.comment])
