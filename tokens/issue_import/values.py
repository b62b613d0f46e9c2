"""Values out of GitHub's JSON, in whatever shape it comes. Pure."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

_LARGEST: Final = 2**63 - 1
_OLD_NODE: Final = re.compile(rb"\d+:[A-Za-z]+(\d{1,18})")
_WEB: Final = re.compile(r"https://[a-z0-9.-]+(:\d+)?/[\w./%-]+/issues/\d+(#issuecomment-\d+)?")


class Unreadable(Exception):
    """Why one issue or comment could not be read."""


def identifier(values: Mapping[str, Any], missing: str) -> int:
    """`id` or `databaseId` where it is a number, else what the node id holds."""
    for key in ("id", "databaseId", "database_id"):
        value = values.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST:
            return value
    for key in ("id", "node_id"):
        value = values.get(key)
        if isinstance(value, str) and (number := number_of_node(value)) is not None:
            return number
    raise Unreadable(missing)


def number_of_node(node: str) -> int | None:
    """The number within one of GitHub's node ids, old (`04:User583231` in base64) or new (`U_kgDOAAjm9w`: a list in
    MessagePack whose last entry it is). None for anything else."""
    coded = node.partition("_")[2] if "_" in node[:8] else node
    try:
        raw = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
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


def web_address(item: Mapping[str, Any]) -> str:
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


def moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC)
    return read if 1990 < read.year < 2999 else None


def nodes(value: object) -> list[Any]:
    """A list, or a connection of GitHub's GraphQL: `{"nodes": [...]}`."""
    found = value.get("nodes") if isinstance(value, dict) else value
    return found if isinstance(found, list) else []


def text(value: object, most: int | None = None) -> str:
    """PostgreSQL takes neither NUL nor half of a surrogate pair."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:most]
