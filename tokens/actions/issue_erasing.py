"""What was deleted on GitHub is deleted here: also out of the messages that told of it."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from django.db import transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from tiers.actions.inbox import erase_text
from tiers.models import ProviderEvent

DELETED: Final = "issue_comment.deleted"
# Of a comment, in whatever form GitHub gives its text. An edit also says, as `changes`, what it was before.
_TEXTS: Final = ("body", "body_html", "body_text")
# What stays of an issue: which one it is, whose and when, by which a message can be applied again.
_STAYS: Final = frozenset(
    ("id", "node_id", "number", "html_url", "user", "labels", "created_at", "updated_at", "closed_at", "pull_request")
)
Message: TypeAlias = dict[str, Any]


@transaction.atomic
def erase_comment_if_deleted(*, event: ProviderEvent) -> int:
    """How many messages lost the text of the comment that this one is about: none, unless one of them says that it was
    deleted. Also that one, and one that comes late. Ids and times stay, by which each can be applied again."""
    identifier = _id(_read(event).get("comment"))
    told = ProviderEvent.objects.filter(provider=event.provider, source=event.source)
    if identifier is None or not any(_about_comment(identifier, told.filter(kind=DELETED))):
        return 0
    heard = told.filter(kind__startswith="issue_comment.").select_for_update(no_key=True)
    return sum(_erase(*found, _without_comment) for found in list(_about_comment(identifier, heard)))


@transaction.atomic
def erase_issue(*, event: ProviderEvent, ids: set[int]) -> int:
    """How many messages lost the text of an issue and of what was said under it, by all ids that it had: in whatever
    repository."""
    told = ProviderEvent.objects.filter(provider=event.provider).select_for_update(no_key=True)
    found = {row.pk: (row, said) for number in ids for row, said in _naming(number, told) if ids & set(_issues(said))}
    return sum(_erase(row, said, _without_issue) for row, said in found.values())


def _about_comment(identifier: int, told: QuerySet[ProviderEvent]) -> Iterator[tuple[ProviderEvent, Message]]:
    return (found for found in _naming(identifier, told) if _id(found[1].get("comment")) == identifier)


def _naming(number: int, told: QuerySet[ProviderEvent]) -> Iterator[tuple[ProviderEvent, Message]]:
    """Messages in which the database finds the number, which may stand for something else."""
    somewhere = told.filter(RawSQL("position(%s::bytea IN body) > 0", [str(number).encode()], BooleanField()))
    for event in somewhere.order_by("id"):
        yield event, _read(event)


def _read(event: ProviderEvent) -> Message:
    """Empty for what is no object: no message of GitHub's."""
    try:
        message = json.loads(bytes(event.body))
    except (UnicodeDecodeError, ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _id(said: object) -> int | None:
    identifier = said.get("id") if isinstance(said, dict) else None
    return identifier if isinstance(identifier, int) and not isinstance(identifier, bool) else None


def _issues(message: Message) -> list[int | None]:
    """Of the issue, and of what it was or became by a transfer."""
    changes = message.get("changes")
    moved = [changes.get("new_issue"), changes.get("old_issue")] if isinstance(changes, dict) else []
    return [_id(said) for said in (message.get("issue"), *moved)]


def _without_comment(message: Message) -> Message:
    said = {name: value for name, value in message["comment"].items() if name not in _TEXTS}
    return {name: value for name, value in message.items() if name != "changes"} | {"comment": said}


def _without_issue(message: Message) -> Message:
    left = {name: value for name, value in message.items() if name != "changes"}
    if isinstance(message.get("issue"), dict):
        left["issue"] = _bare(message["issue"])
    if isinstance(message.get("comment"), dict):
        left = _without_comment(left)
    if isinstance(changes := message.get("changes"), dict):
        moved = {
            name: _bare(changes[name]) for name in ("new_issue", "old_issue") if isinstance(changes.get(name), dict)
        }
        where = {name: changes[name] for name in ("new_repository", "old_repository") if name in changes}
        left |= {"changes": moved | where} if moved else {}
    return left


def _bare(issue: Message) -> Message:
    return {name: value for name, value in issue.items() if name in _STAYS}


def _erase(event: ProviderEvent, message: Message, without: Callable[[Message], Message]) -> bool:
    left = without(message)
    if left == message:
        return False
    erase_text(event=event, left=json.dumps(left).encode())
    return True
