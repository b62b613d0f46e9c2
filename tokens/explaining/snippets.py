"""JSON and commands as coloured text: the classes are those of `.snippet`. Everything is escaped."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tokens.explaining.samples import Piece

_STRING: Final = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?')
_WIDTH: Final = 44
_COLOURS: Final = {"path": "k", "text": "s"}


def of_json(values: Mapping[str, Any]) -> SafeString:
    """Indented by two, names and texts in their colours. What fits on a line stays on one."""
    return format_html_join("", "{}", ((part,) for part in _parts(_written(values))))


def _written(value: Any, depth: int = 0) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, Mapping | list) or (depth and len(flat) + depth <= _WIDTH):
        return flat
    if isinstance(value, list):
        return "[" + ",".join(f"\n{' ' * (depth + 2)}{_written(item, depth + 2)}" for item in value) + "]"
    if len(value) == 1:
        [(name, only)] = value.items()
        return f"{{{json.dumps(name)}: {_written(only, depth)}}}"
    lines = [f"{json.dumps(name)}: {_written(item, depth + 2)}" for name, item in value.items()]
    return "{" + f",\n{' ' * (depth + 1)}".join(lines) + "}" if depth else "{\n  " + ",\n  ".join(lines) + "\n}"


def _parts(text: str) -> Iterator[str]:
    end = 0
    for found in _STRING.finditer(text):
        yield text[end : found.start()]
        yield format_html('<span class="{}">{}</span>', "n" if found[2] else "s", found[1])
        yield found[2] or ""
        end = found.end()
    yield text[end:]


def of_command(pieces: Iterable[Piece]) -> SafeString:
    return format_html_join("", "{}", ((_coloured(kind, text),) for kind, text in pieces))


def _coloured(kind: str, text: str) -> str:
    colour = _COLOURS.get(kind)
    return format_html('<span class="{}">{}</span>', colour, text) if colour else text
