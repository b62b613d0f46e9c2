"""Which answers of an issue are which of our fields. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tiers.facts import Catalogue
from tokens.issue_import.bodies import Answers, is_boxes, ticked

# Field → what it is called here, and words that headings for it commonly have, the most telling first.
FIELDS: Final[dict[str, tuple[Promise, tuple[str, ...]]]] = {
    "application": (
        _("Name of the application"),
        ("app name", "application name", "project name", "app", "project", "应用名称"),
    ),
    "website": (_("Website"), ("app url", "website", "homepage", "project url", "url", "网站")),
    "purpose": (
        _("What it is for"),
        ("app description", "what does", "purpose", "use case", "description", "what will you", "用途", "描述"),
    ),
    "users": (_("Who uses it"), ("who uses", "audience", "users", "用户")),
    "expected_volume": (
        _("Calls per day, expected"),
        ("requests per day", "calls per day", "volume", "traffic", "调用量"),
    ),
    "links": (_("Links"), ("repository", "github", "repo", "links", "social", "demo", "链接")),
    "tier": (_("Tier"), ("tier", "plan", "级别")),
    "model": (_("Model"), ("model", "模型")),
}
_NUMBER: Final = re.compile(r"(\d{1,3}(?:[,.\u00a0 ]\d{3})+|\d+(?:\.\d+)?)\s*(k|m|万)?\b", re.IGNORECASE)
_TIMES: Final = {"": 1, "k": 1_000, "m": 1_000_000, "万": 10_000}
MOST_CALLS: Final = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Matched:
    """`values` by our field. `unmatched` by heading: what no field of ours took, so that it is kept and shown.
    `doubtful` headings came more than once in the body."""

    values: dict[str, str] = field(default_factory=dict)
    unmatched: dict[str, str] = field(default_factory=dict)
    doubtful: tuple[str, ...] = ()


def match(answers: Answers, headings: Mapping[str, str]) -> Matched:
    """`headings` says for some of our fields which heading it is. A heading is used once."""
    folded = {fold(heading): heading for heading in answers.found}
    values, used = {}, set()
    for name in FIELDS:
        heading = folded.get(fold(headings.get(name, "")))
        if heading is not None and heading not in used:
            used.add(heading)
            values[name] = _plain(answers.found[heading])
    unmatched = {heading: text for heading, text in answers.found.items() if heading not in used and text}
    if answers.before:
        unmatched = {"": answers.before, **unmatched}
    return Matched(values, unmatched, tuple(sorted(answers.repeated & used)))


def guess(headings: Iterable[str]) -> dict[str, str]:
    """For each of our fields the heading that most likely is it; a start for whoever says so."""
    left, found = list(headings), {}
    for name, (_label, words) in FIELDS.items():
        for word in words:
            heading = next((h for h in left if word in fold(h)), None)
            if heading is not None:
                found[name] = heading
                left.remove(heading)
                break
    return found


def fold(text: str) -> str:
    """What is the same heading to a reader: case, width, spaces and a closing mark aside."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(" ?:*.")


def _plain(text: str) -> str:
    """Of nothing but checkboxes the ticked ones; all else as it is."""
    return ", ".join(ticked(text)) if is_boxes(text) else text


def calls_a_day(text: str) -> int | None:
    """The first number in the text: "about 1,500", "2k", "1.5 M", "3万". None where there is none."""
    found = _NUMBER.search(unicodedata.normalize("NFKC", text))
    if found is None:
        return None
    digits, unit = found[1], (found[2] or "").lower()
    grouped = re.fullmatch(r"\d{1,3}([,.\u00a0 ]\d{3})+", digits)
    number = int(re.sub(r"\D", "", digits)) if grouped else float(digits)
    calls = int(number * _TIMES[unit])
    return calls if 0 < calls <= MOST_CALLS else None


def tier_named(catalogue: Catalogue, text: str) -> str | None:
    """The slug of the one tier that the text names, by slug or name; None for none and for several."""
    words = set(re.findall(r"[\w-]+", unicodedata.normalize("NFKC", text).casefold()))
    found = {tier.slug for tier in catalogue.tiers.values() if {tier.slug.casefold(), tier.name.casefold()} & words}
    return found.pop() if len(found) == 1 else None


def model_named(catalogue: Catalogue, text: str) -> str | None:
    """The public name of the one model that the text names, by name or alias; None for none and for several."""
    words = set(re.findall(r"[\w./:-]+", unicodedata.normalize("NFKC", text).casefold()))
    found = {
        model.name
        for model in catalogue.models.values()
        if {model.name.casefold(), *(alias.casefold() for alias in model.aliases)} & words
    }
    return found.pop() if len(found) == 1 else None
