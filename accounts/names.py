"""Names that people gave to themselves and to what is theirs, among words that are not theirs."""

import unicodedata
from typing import Final

# Characters that cannot be seen and reorder the text around them, so that a name can pass for another.
REORDERING: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_GONE: Final = dict.fromkeys(map(ord, REORDERING))
_FROM_THE_RIGHT: Final = frozenset({"R", "AL", "AN"})


def seen(name: str, most: int | None = None) -> str:
    """What of a name can be seen, in one line. An isolate that it leaves open would reach beyond the `<bdi>` around
    it, and turn the rest of the sentence."""
    if not name.isprintable():
        name = "".join(" " if unicodedata.category(c) == "Cc" else c for c in name.translate(_GONE))
    return " ".join(name.split())[:most]


def straight(text: str) -> str:
    """Text of several lines, or that was written down as it came, without what reorders the text around it."""
    return text.translate(_GONE)


def isolated(name: str) -> str:
    """A name within a sentence of plain text. One that is written from the right stands between Unicode's isolates, so
    that it leaves the order of the words and numbers beside it alone; in HTML around a name alone, `<bdi>` does so."""
    name = seen(name)
    turns = any(unicodedata.bidirectional(character) in _FROM_THE_RIGHT for character in name)
    return f"\u2068{name}\u2069" if turns else name
