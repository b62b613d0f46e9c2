"""What a message of GitHub's webhook says of an issue. Source: GitHub Docs, "Webhook events and payloads", `issues` and
`issue_comment`. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tokens.issue_import import comments
from tokens.issue_import.comments import Comment
from tokens.issue_import.payloads import Issue, number_in, read_issue
from tokens.issue_import.values import Unreadable, identifier, text, web_address


@dataclass(frozen=True, slots=True)
class Repository:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """Which issue, and where people read it."""

    id: int
    number: int
    url: str
    repository: Repository


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did it there: 0 and "" where nobody says."""

    id: int = 0
    login: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """`issue` is None where its author is gone from GitHub, and of one that was deleted where nothing else is
    readable. `moved_to` is where it was transferred, `moved_from` where it was opened first."""

    place: Place
    sender: Sender
    issue: Issue | None = None
    comment: Comment | None = None
    moved_to: Place | None = None
    moved_from: Place | None = None
    pull: bool = False


def read_message(content: bytes, kind: str) -> Message:
    """`kind` as in the inbox: `issues.opened`. Raises Unreadable for what has not the shape that GitHub gives it."""
    message = _object(_loaded(content), _("This is no message of GitHub’s."))
    said = _object(message.get("issue"), _("This is no issue."))
    place = _place(said, message.get("repository"))
    told = Message(place, _sender(message.get("sender")))
    if said.get("pull_request"):
        return Message(place, told.sender, pull=True)
    moved_to, moved_from = _moved(message.get("changes"), kind)
    about_comment = kind.startswith("issue_comment.")
    return Message(
        place,
        told.sender,
        issue=_issue(said, lenient=kind == "issues.deleted"),
        comment=comments.read(message.get("comment"), place.number) if about_comment else None,
        moved_to=moved_to,
        moved_from=moved_from,
    )


def _loaded(content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Unreadable(_("This is no JSON file in UTF-8.")) from None


def _object(value: object, missing: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(missing)
    return value


def _place(said: Mapping[str, Any], repository: object) -> Place:
    found = _object(repository, _("It does not say of which repository it is."))
    return Place(
        id=identifier(said, _("GitHub’s own id of the issue is missing.")),
        number=number_in(said),
        url=web_address(said),
        repository=Repository(
            identifier(found, _("GitHub’s own id of the repository is missing.")), text(found.get("full_name"), 200)
        ),
    )


def _issue(said: Mapping[str, Any], *, lenient: bool) -> Issue | None:
    if said.get("user") is None:
        return None
    try:
        return read_issue(said)
    except Unreadable:
        if lenient:
            return None
        raise


def _moved(changes: object, kind: str) -> tuple[Place | None, Place | None]:
    """Where it was transferred to, which such a message has to say; where one that is opened was before."""
    told = changes if isinstance(changes, dict) else {}
    if kind == "issues.transferred":
        new = _object(told.get("new_issue"), _("It does not say where the issue was moved."))
        return _place(new, told.get("new_repository")), None
    if kind == "issues.opened" and isinstance(told.get("old_issue"), dict):
        return None, _place(told["old_issue"], told.get("old_repository"))
    return None, None


def _sender(value: object) -> Sender:
    """Of whoever GitHub names in no shape of its own, nothing: what they did counts all the same."""
    if not isinstance(value, dict):
        return Sender()
    try:
        number = identifier(value, "")
    except Unreadable:
        number = 0
    return Sender(number, text(value.get("login"), 100))
