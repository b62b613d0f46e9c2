"""The names nearest to one that does not exist. Pure."""

import difflib
from collections.abc import Iterable

# Longer names are compared by their beginning: difflib's cost grows with the product of the lengths.
MAX_COMPARED = 120


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Up to `most` known names, nearest first: a wrong letter case before all, then by likeness. May be empty."""
    wanted = name[:MAX_COMPARED].casefold()
    by_fold: dict[str, list[str]] = {}
    for candidate in sorted(known):
        by_fold.setdefault(candidate.casefold(), []).append(candidate)
    close = difflib.get_close_matches(wanted, by_fold, n=most, cutoff=0.6)
    return [candidate for fold in close for candidate in by_fold[fold]][:most]


def differs_in_case(name: str, other: str) -> bool:
    """Whether two names are the same but for letter case (and blanks around them)."""
    return name.strip().casefold() == other.casefold()
