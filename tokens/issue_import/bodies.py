"""The body that GitHub makes of an issue form: `### Heading`, a blank line, the answer, for each field in turn.
Source: GitHub Docs, "Syntax for GitHub's form schema". Pure."""

import re
from dataclasses import dataclass, field
from typing import Final

# What GitHub writes where nothing was answered.
NOTHING: Final = "_No response_"
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
    """Split a body at its headings, but not within fenced code. What comes before the first one is kept apart."""
    answers, heading, fence = Answers(), "", ""
    lines: list[str] = []
    for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        begun = "" if fence else _heading(line)
        if begun and (begun in answers.found or len(answers.found) < MOST_HEADINGS):
            _keep(answers, heading, lines)
            heading, lines = begun, []
            answers.found.setdefault(heading, "")
            continue
        fence = _fence_after(line, fence)
        lines.append(line)
    _keep(answers, heading, lines)
    return answers


def _heading(line: str) -> str:
    """Empty for a line that is none. Number signs at its end belong to it unless a space is before them (CommonMark);
    by hand, since a pattern with two ends takes minutes for a line of blanks."""
    if not line.startswith("### "):
        return ""
    heading = line[4:].strip()
    bare = heading.rstrip("#")
    return bare.rstrip() if not bare or bare[-1].isspace() else heading


def _keep(answers: Answers, heading: str, lines: list[str]) -> None:
    text = _unfenced("\n".join(lines).strip())
    if text == NOTHING:
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


def ticked(text: str) -> list[str]:
    """Of a field of checkboxes, the labels of those that are ticked."""
    return [found[1].strip() for found in re.finditer(r"^- \[[xX]\] (.+)$", text, re.MULTILINE)]
