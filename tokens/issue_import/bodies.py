"""The body that GitHub makes of an issue form: `### Heading`, a blank line, the answer, for each field in turn.
Source: GitHub Docs, "Syntax for GitHub's form schema". Pure."""

import re
from dataclasses import dataclass, field
from typing import Final

# What GitHub writes where nothing was answered, and what people make of it.
_NOTHING: Final = frozenset({"_no response_", "*no response*"})
# Forms have the third level. Templates that people fill in by hand have others.
_LEVELS: Final = ("###", "##", "#")
_BOX: Final = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)]) \[(?P<tick>[ xX])\](?: (?P<label>.*))?")
_FENCE: Final = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
# What a field with `render:` has after its fence: the name of a language.
_LANGUAGE: Final = re.compile(r"[\w.+#-]{0,40}")
MOST_HEADINGS: Final = 60


@dataclass(slots=True)
class Answers:
    """Heading → answer, in the form's order. `repeated` headings came more than once: an answer that holds a heading
    looks just like a field, so of those nobody can say which is which; all that came is kept, one after the other."""

    found: dict[str, str] = field(default_factory=dict)
    before: str = ""
    repeated: set[str] = field(default_factory=set)


def read(body: str) -> Answers:
    """Split a body at its headings, but not within fenced code. What comes before the first one is kept apart. Where
    there is none of a form's level, those of the next higher one that there is count."""
    lines = body.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for level in _LEVELS:
        if (answers := _split(lines, level)).found:
            break
    return answers


def _split(body: list[str], level: str) -> Answers:
    answers, heading, fence = Answers(), "", ""
    lines: list[str] = []
    for line in body:
        begun = "" if fence else _heading(line, level)
        if begun and (begun in answers.found or len(answers.found) < MOST_HEADINGS):
            _keep(answers, heading, lines)
            heading, lines = begun, []
            answers.found.setdefault(heading, "")
            continue
        fence = _fence_after(line, fence)
        lines.append(line)
    _keep(answers, heading, lines)
    return answers


def _heading(line: str, level: str) -> str:
    """Empty for a line that is none: indented by four it is code. Number signs at its end belong to it unless a space
    is before them (CommonMark); by hand, since a pattern with two ends takes minutes for a line of blanks."""
    begun = line.lstrip(" ")
    if len(line) - len(begun) > 3 or not begun.startswith((f"{level} ", f"{level}\t")):
        return ""
    heading = begun[len(level) :].strip()
    bare = heading.rstrip("#")
    return bare.rstrip() if not bare or bare[-1].isspace() else heading


def _keep(answers: Answers, heading: str, lines: list[str]) -> None:
    text = _unfenced("\n".join(lines).strip())
    if text.casefold() in _NOTHING:
        text = ""
    if not heading:
        answers.before = text
    elif answers.found.get(heading):
        answers.repeated.add(heading)
        answers.found[heading] = f"{answers.found[heading]}\n\n{text}".strip()
    else:
        answers.found[heading] = text


def _fence_after(line: str, fence: str) -> str:
    """The fence that is open after this line, or none."""
    match = _FENCE.fullmatch(line)
    if match is None:
        return fence
    if not fence:
        return match["fence"]
    closes = match["fence"].startswith(fence) and not match["info"].strip()
    return "" if closes else fence


def _unfenced(text: str) -> str:
    """An answer of a field with `render:` is one fenced block: its content."""
    lines = text.split("\n")
    if len(lines) < 2:
        return text
    opening, closing = _FENCE.fullmatch(lines[0]), _FENCE.fullmatch(lines[-1])
    inner = lines[1:-1]
    whole = opening and closing and closing["fence"] == opening["fence"] and not closing["info"].strip()
    if whole and opening and _LANGUAGE.fullmatch(opening["info"].strip()) and not any(map(_FENCE.fullmatch, inner)):
        return "\n".join(inner).strip()
    return text


def is_boxes(text: str) -> bool:
    """Whether it is nothing but checkboxes, whatever list they are in and however deep."""
    lines = [line for line in text.split("\n") if line.strip()]
    return bool(lines) and all(_BOX.fullmatch(line) for line in lines)


def ticked(text: str) -> list[str]:
    """Of a field of checkboxes, the labels of those that are ticked."""
    boxes = (_BOX.fullmatch(line) for line in text.split("\n"))
    return [(box["label"] or "").strip() for box in boxes if box and box["tick"] != " "]
