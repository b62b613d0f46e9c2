"""Issues in GitHub's JSON: its REST interface's list or single issue, a webhook's message, or `gh issue list --json`.
Pure. Whoever wrote an issue is told by GitHub's immutable number, never by a login, which others can take over."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from django.utils.translation import gettext as _

from accounts.errors import Invalid

MOST_ISSUES: Final = 2000
MOST_IN_BODY: Final = 70_000  # characters; GitHub takes 65,536
_LARGEST: Final = 2**63 - 1
_OLD_NODE: Final = re.compile(rb"\d+:[A-Za-z]+(\d{1,18})")
_WEB: Final = re.compile(r"https://[a-z0-9.-]+(:\d+)?/[\w./%-]+/issues/\d+")


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue as GitHub has it. `number` is the repository's, `id` and `author` GitHub's own, for good."""

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


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, by the place in the file and the number where there is one, and why."""

    place: int
    number: int | None
    why: str


@dataclass(frozen=True, slots=True)
class File:
    """`pulls` are pull requests, which GitHub lists among the issues."""

    issues: list[Issue]
    unread: list[Unread]
    pulls: int


class _Unreadable(Exception):
    """Why one issue could not be read."""


def read_file(content: bytes) -> File:
    """Raises Invalid for what is no list of issues at all."""
    found = _items(content)
    issues: dict[int, Issue] = {}
    unread, pulls = [], 0
    for place, item in enumerate(found, start=1):
        if isinstance(item, dict) and item.get("pull_request"):
            pulls += 1
            continue
        try:
            issue = read_issue(item)
        except _Unreadable as error:
            number = item.get("number") if isinstance(item, dict) else None
            unread.append(Unread(place, number if isinstance(number, int) else None, str(error)))
            continue
        if issue.id not in issues or issue.updated_at > issues[issue.id].updated_at:
            issues[issue.id] = issue
    return File(list(issues.values()), unread, pulls)


def _items(content: bytes) -> list[Any]:
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Invalid(_("This is no JSON file in UTF-8."), field="file") from None
    if isinstance(value, dict):
        inner = next((value[key] for key in ("issues", "items", "issue") if key in value), value)
        value = inner if isinstance(inner, list) else [inner]
    if not isinstance(value, list) or not value:
        raise Invalid(_("There is no issue in this file."), field="file")
    # `gh api --paginate --slurp` makes a list of pages.
    if all(isinstance(page, list) for page in value):
        value = [item for page in value for item in page]
    if len(value) > MOST_ISSUES:
        message = _("At most %(number)d issues at a time. Split the file.")
        raise Invalid(message % {"number": MOST_ISSUES}, field="file")
    return value


def read_issue(item: object) -> Issue:
    """One issue, or _Unreadable with the reason in words."""
    if not isinstance(item, dict):
        raise _Unreadable(_("This is no issue."))
    person = item.get("user") or item.get("author") or {}
    if not isinstance(person, dict) or not person:
        raise _Unreadable(_("Its author is no longer on GitHub."))
    number = item.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**31:
        raise _Unreadable(_("It has no number."))
    opened = _moment(item.get("created_at") or item.get("createdAt"))
    if opened is None:
        raise _Unreadable(_("It does not say when it was opened."))
    return Issue(
        id=_number(item, _("GitHub’s own id of the issue is missing.")),
        number=number,
        url=_web_address(item),
        author=_number(person, _("GitHub’s own id of the author is missing.")),
        login=_text(person.get("login"), 100),
        title=_text(item.get("title"), 300),
        body=_text(item.get("body"), MOST_IN_BODY),
        labels=_labels(item.get("labels")),
        opened_at=opened,
        updated_at=_moment(item.get("updated_at") or item.get("updatedAt")) or opened,
        closed_at=_moment(item.get("closed_at") or item.get("closedAt")),
    )


def _number(values: Mapping[str, Any], missing: str) -> int:
    """`id` or `databaseId` where it is a number, else what the node id holds."""
    for key in ("id", "databaseId", "database_id"):
        value = values.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST:
            return value
    for key in ("id", "node_id"):
        value = values.get(key)
        if isinstance(value, str) and (number := number_of_node(value)) is not None:
            return number
    raise _Unreadable(missing)


def number_of_node(node: str) -> int | None:
    """The number within one of GitHub's node ids, old (`04:User583231` in base64) or new (`U_kgDOAAjm9w`: a list in
    MessagePack whose last entry it is). None for anything else."""
    text = node.partition("_")[2] if "_" in node[:8] else node
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    old = _OLD_NODE.fullmatch(raw)
    if old is not None:
        return int(old[1])
    try:
        values = msgspec.msgpack.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    last = values[-1] if isinstance(values, list) and values else None
    return last if isinstance(last, int) and not isinstance(last, bool) and 0 < last <= _LARGEST else None


def _web_address(item: Mapping[str, Any]) -> str:
    """Where people read it. Only what has the form of an issue's page is kept, since it becomes a link."""
    for key in ("html_url", "url"):
        value = item.get(key)
        if (
            isinstance(value, str)
            and len(value) <= 300
            and _WEB.fullmatch(value)
            and not value.startswith("https://api.")
        ):
            return value
    return ""


def _labels(value: object) -> tuple[str, ...]:
    found = value if isinstance(value, list) else []
    names = [label.get("name") if isinstance(label, dict) else label for label in found]
    return tuple(_text(name, 100) for name in names if isinstance(name, str))[:50]


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment if 1990 < moment.year < 2999 else None


def _text(value: object, most: int) -> str:
    """PostgreSQL takes neither NUL nor half of a surrogate pair."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:most]
