"""Which operation a method and a path name. Pure.

A path is decoded once. Doubled slashes, dot segments, encoded slashes and control characters name no operation: a
proxy and an upstream may read such a path differently, and what they read differently must not be allowed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from tiers.facts import OperationFacts

MAX_PATH = 8192
_ENCODED_SLASH = re.compile(r"%(2f|5c)", re.IGNORECASE)
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Match:
    """`model` where the pattern has a `{model}` segment."""

    operation: OperationFacts
    model: str | None = None


def decoded_path(endpoint: str) -> str | None:
    """The path of an endpoint without its query, decoded once; None if it is one that names no operation."""
    path = endpoint.partition("?")[0]
    if not path.startswith("/") or len(path) > MAX_PATH:
        return None
    if _ENCODED_SLASH.search(path) or _BAD_ESCAPE.search(path) or "\\" in path or "#" in path:
        return None
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeError:
        return None
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in decoded):
        return None
    segments = decoded.split("/")[1:]
    if any(segment in {"", ".", ".."} for segment in segments):
        return None
    return decoded


def match(operations: Mapping[str, OperationFacts], method: str, endpoint: str) -> Match | None:
    """The operation of this method and path; a literal pattern beats one with placeholders."""
    path = decoded_path(endpoint)
    if path is None:
        return None
    found: Match | None = None
    for operation in operations.values():
        for pattern in operation.endpoints:
            verb, _, template = pattern.partition(" ")
            hit = _pattern(template).fullmatch(path) if verb == method.upper() else None
            if hit is None:
                continue
            if template == path:
                return Match(operation)
            found = found or Match(operation, hit.groupdict().get("model"))
    return found


def methods_of(operations: Mapping[str, OperationFacts], endpoint: str) -> list[str]:
    """The methods under which the path would name an operation."""
    path = decoded_path(endpoint)
    patterns = [pattern.partition(" ") for operation in operations.values() for pattern in operation.endpoints]
    return sorted({verb for verb, _, template in patterns if path and _pattern(template).fullmatch(path)})


@lru_cache(maxsize=512)
def _pattern(template: str) -> re.Pattern[str]:
    """`/image/{prompt}` as an expression; a placeholder is one segment, not empty."""
    pieces = _PLACEHOLDER.split(template)
    return re.compile(
        "".join(f"(?P<{piece}>[^/]+)" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)), re.DOTALL
    )
