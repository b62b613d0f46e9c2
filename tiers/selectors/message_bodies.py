"""A stored message as a person may safely read it: whatever was sent, it stays text, and shows no secret."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

MOST_SHOWN: Final = 64 * 1024
MOST_BYTES_SHOWN: Final = 2048
_HEX_LINE: Final = 16
# Names whose values are credentials, in a body or a header.
_SECRET: Final = re.compile(r"secret|token|password|passwd|signature|authorization|cookie|api[_-]?key", re.IGNORECASE)
_SECRET_VALUE: Final = re.compile(
    rf'("[^"\n]{{0,60}}(?:{_SECRET.pattern})[^"\n]{{0,60}}"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.I
)
HIDDEN: Final = "•••"


@dataclass(frozen=True, slots=True)
class Body:
    """`form`: `json` (indented by us), `text`, `bytes` (a dump in hex) or `empty`. `size` in bytes, of the whole."""

    form: str
    text: str
    size: int
    is_cut: bool


def readable(body: bytes) -> Body:
    """The beginning of a body: JSON indented, other text as it came, all else in hex."""
    if not body:
        return Body("empty", "", 0, False)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return Body("bytes", "\n".join(_dumped(body[:MOST_BYTES_SHOWN])), len(body), len(body) > MOST_BYTES_SHOWN)
    form, text = _indented(text)
    masked = _SECRET_VALUE.sub(rf'\1"{HIDDEN}"', text[: MOST_SHOWN + 1])
    return Body(form, printable(masked[:MOST_SHOWN]), len(body), len(text) > MOST_SHOWN)


def headers(stored: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was kept of a message's headers, in order of the alphabet."""
    return [
        (printable(name), HIDDEN if _SECRET.search(name) else printable(str(stored[name])[:500]))
        for name in sorted(stored)
    ]


def printable(text: str) -> str:
    """What has no shape, or turns the text around it, is spelled out: NUL, escapes, marks of direction."""
    return "".join(c if c.isprintable() or c == "\n" else _spelled(c) for c in text)


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _indented(text: str) -> tuple[str, str]:
    """Indented, unless that would hide something: of a name that is there twice, one alone would be left."""
    try:
        value = json.loads(text, object_pairs_hook=_once)
        pieces = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value)
        return "json", "".join(_up_to(pieces, MOST_SHOWN + 1))
    except (ValueError, RecursionError):
        return "text", text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _up_to(pieces: Iterator[str], length: int) -> Iterator[str]:
    """A small body can be large once it is indented; no more of it is made than is shown."""
    for piece in pieces:
        yield piece
        length -= len(piece)
        if length < 0:
            return


def _dumped(body: bytes) -> Iterator[str]:
    for at in range(0, len(body), _HEX_LINE):
        line = bytes(islice(body, at, at + _HEX_LINE))
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line)
        yield f"{at:06x}  {line.hex(' '):<{_HEX_LINE * 3}} {shown}"
