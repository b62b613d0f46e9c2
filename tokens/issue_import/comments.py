"""Comments on issues in GitHub's JSON: within an issue (`gh issue list --json comments`, GraphQL), or a list by
themselves (its REST interface). Pure. `gh` names the author of a comment by login alone: nobody is sure then who it
is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from tokens.issue_import.values import Unreadable, identifier, moment, nodes, text, web_address

# Whom GitHub shows where an account was deleted.
GHOST: Final = "ghost"
_ISSUE: Final = re.compile(r"/issues/(\d{1,9})(?:#.*)?$")
_COMMENT: Final = re.compile(r"#issuecomment-(\d{1,18})$")


@dataclass(frozen=True, slots=True)
class Comment:
    """`issue` is the repository's number of what it is about; `author` GitHub's own number, None where nobody says."""

    id: int
    issue: int
    url: str
    author: int | None
    login: str
    body: str
    at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Comments:
    """`lost`: why others could not be read."""

    comments: tuple[Comment, ...]
    lost: tuple[str, ...]


def read_all(value: object, issue: int) -> Comments:
    """Those within an issue. GitHub's REST interface has their number there instead, which is none of them."""
    found, lost = list[Comment](), list[str]()
    for item in nodes(value):
        try:
            found.append(read(item, issue))
        except Unreadable as error:
            lost.append(_("A comment could not be read: %(why)s") % {"why": error})
    return Comments(tuple(found), tuple(lost))


def is_alone(item: object) -> bool:
    """Whether this is a comment of GitHub's REST interface, which names its issue by address."""
    return isinstance(item, dict) and "title" not in item and "issue_url" in item


def read_alone(item: Mapping[str, Any]) -> Comment:
    found = _ISSUE.search(text(item.get("issue_url"), 300))
    if found is None:
        raise Unreadable(_("It does not say which issue it is a comment on."))
    return read(item, int(found[1]))


def read(item: object, issue: int) -> Comment:
    """One comment, or Unreadable with the reason in words."""
    if not isinstance(item, dict):
        raise Unreadable(_("This is no comment."))
    at = moment(item.get("created_at") or item.get("createdAt"))
    if at is None:
        raise Unreadable(_("It does not say when it was written."))
    person = item.get("user") or item.get("author")
    person = person if isinstance(person, dict) else {}
    return Comment(
        id=_id(item),
        issue=issue,
        url=web_address(item),
        author=_author(person),
        login=text(person.get("login"), 100) or GHOST,
        body=text(item.get("body")),
        at=at,
        updated_at=moment(item.get("updated_at") or item.get("updatedAt")) or at,
    )


def _author(person: Mapping[str, Any]) -> int | None:
    try:
        return identifier(person, "")
    except Unreadable:
        return None


def _id(item: Mapping[str, Any]) -> int:
    """GitHub's own id, or the same number in its address."""
    try:
        return identifier(item, _("GitHub’s own id of it is missing."))
    except Unreadable:
        for key in ("html_url", "url"):
            if found := _COMMENT.search(text(item.get(key), 300)):
                return int(found[1])
        raise
