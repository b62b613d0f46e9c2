"""Issues in GitHub's JSON: its REST interface's list or single issue, a webhook's message, or `gh issue list --json`.
Pure. Whoever wrote an issue is told by GitHub's immutable number, never by a login, which others can take over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from tokens.issue_import import comments
from tokens.issue_import.comments import Comment
from tokens.issue_import.values import Unreadable, identifier, moment, nodes, text, web_address

MOST_ISSUES: Final = 2000


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue as GitHub has it. `number` is the repository's, `id` and `author` GitHub's own, for good. `lost`: why
    some of its comments could not be read."""

    id: int
    number: int
    url: str
    author: int
    login: str
    title: str
    body: str
    labels: tuple[str, ...]
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    comments: tuple[Comment, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, by the place in the file and the number where there is one, and why."""

    place: int
    number: int | None
    why: str


@dataclass(frozen=True, slots=True)
class File:
    """`pulls` are pull requests, which GitHub lists among the issues. `comments` are those that came by themselves."""

    issues: list[Issue]
    unread: list[Unread]
    pulls: int
    comments: list[Comment]


def read_file(content: bytes) -> File:
    """Raises Invalid for what is no list of issues or comments at all."""
    issues: dict[int, Issue] = {}
    unread, alone, pulls = list[Unread](), list[Comment](), 0
    for place, item in enumerate(_items(content), start=1):
        if isinstance(item, dict) and item.get("pull_request"):
            pulls += 1
            continue
        try:
            if comments.is_alone(item):
                alone.append(comments.read_alone(item))
                continue
            issue = read_issue(item)
        except Unreadable as error:
            number = item.get("number") if isinstance(item, dict) else None
            unread.append(Unread(place, number if isinstance(number, int) else None, str(error)))
            continue
        unread += [Unread(place, issue.number, why) for why in issue.lost]
        if issue.id not in issues or issue.updated_at > issues[issue.id].updated_at:
            issues[issue.id] = issue
    return File(list(issues.values()), unread, pulls, alone)


def _items(content: bytes) -> list[Any]:
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Invalid(_("This is no JSON file in UTF-8."), field="file") from None
    value = _unwrapped(value)
    if not isinstance(value, list) or not value:
        raise Invalid(_("There is no issue in this file."), field="file")
    # `gh api --paginate --slurp` makes a list of pages.
    if all(isinstance(page, list) or (isinstance(page, dict) and "data" in page) for page in value):
        pages = [_unwrapped(page) for page in value]
        value = [item for page in pages if isinstance(page, list) for item in page]
    if len(value) > MOST_ISSUES:
        message = _("At most %(number)d issues at a time. Split the file.")
        raise Invalid(message % {"number": MOST_ISSUES}, field="file")
    return value


def _unwrapped(value: Any) -> Any:
    """The list within what an interface answers: of a search, of GraphQL, of a webhook. A single issue as a list."""
    if isinstance(value, dict) and isinstance(value.get("data"), dict):
        value = value["data"]
        value = next((value[key] for key in ("repository", "search", "node") if value.get(key)), value)
    if isinstance(value, dict):
        value = next((value[key] for key in ("issues", "items", "issue", "nodes") if key in value), value)
    if isinstance(value, dict) and isinstance(value.get("nodes"), list):
        return value["nodes"]
    return [value] if isinstance(value, dict) else value


def read_issue(item: object) -> Issue:
    """One issue, or Unreadable with the reason in words."""
    if not isinstance(item, dict):
        raise Unreadable(_("This is no issue."))
    person = item.get("user") or item.get("author") or {}
    if not isinstance(person, dict) or not person:
        raise Unreadable(_("Its author is no longer on GitHub."))
    number = number_in(item)
    opened = moment(item.get("created_at") or item.get("createdAt"))
    if opened is None:
        raise Unreadable(_("It does not say when it was opened."))
    said = comments.read_all(item.get("comments"), number)
    return Issue(
        id=identifier(item, _("GitHub’s own id of the issue is missing.")),
        number=number,
        url=web_address(item),
        author=identifier(person, _("GitHub’s own id of the author is missing.")),
        login=text(person.get("login"), 100),
        title=text(item.get("title"), 300),
        body=text(item.get("body")),
        labels=_labels(item.get("labels")),
        opened_at=opened,
        updated_at=moment(item.get("updated_at") or item.get("updatedAt")) or opened,
        closed_at=moment(item.get("closed_at") or item.get("closedAt")),
        comments=said.comments,
        lost=said.lost,
    )


def number_in(item: Mapping[str, Any]) -> int:
    """The repository's number of an issue."""
    number = item.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**31:
        raise Unreadable(_("It has no number."))
    return number


def _labels(value: object) -> tuple[str, ...]:
    names = [label.get("name") if isinstance(label, dict) else label for label in nodes(value)]
    return tuple(text(name, 100) for name in names if isinstance(name, str))[:50]
