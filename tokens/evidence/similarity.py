"""How alike two texts are: the share of their trigrams that both have (Jaccard). Pure.

So that one text need not be compared with a hundred thousand, each has a few numbers (MinHash in bands), and a database
finds by an index which have one in common: texts that are much alike nearly always (0.87 at a likeness of 0.5, 0.99 at
0.6), others hardly ever (once in 300 at 0.1, which is what any two texts of a language have). Source: Broder, "On the
resemblance and containment of documents" (1997)."""

import hashlib
import random
import unicodedata
from functools import lru_cache
from typing import Final

SHORTEST: Final = 40  # characters; what is shorter says too little to be compared
ROWS: Final = 4
BANDS: Final = 32
_PRIME: Final = (1 << 61) - 1
_SEED: Final = 7_203_441


def normalised(text: str) -> str:
    """What a reader takes for the same: case, width, spaces and marks aside."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = (character if character.isalnum() else " " for character in folded)
    return " ".join("".join(kept).split())


def trigrams(text: str) -> frozenset[str]:
    plain = normalised(text)
    return frozenset(plain[start : start + 3] for start in range(len(plain) - 2))


def is_comparable(text: str) -> bool:
    return len(normalised(text)) >= SHORTEST


def likeness(one: str, other: str) -> float:
    """From 0 to 1. Two texts without a trigram are not alike."""
    first, second = trigrams(one), trigrams(other)
    either = len(first | second)
    return len(first & second) / either if either else 0.0


def bands(text: str) -> list[int]:
    """The numbers by which like texts are found; none for what is too short. Each fits four bytes, signed."""
    if not is_comparable(text):
        return []
    hashes = [_hash(gram.encode()) for gram in trigrams(text)]
    least = [min((a * value + b) % _PRIME for value in hashes) for a, b in _functions()]
    return [_four_bytes(repr((band, least[band * ROWS : (band + 1) * ROWS])).encode()) for band in range(BANDS)]


def _hash(value: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(value, digest_size=7).digest(), "big")


def _four_bytes(value: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(value, digest_size=4).digest(), "big", signed=True)


@lru_cache(maxsize=1)
def _functions() -> tuple[tuple[int, int], ...]:
    """The same ones in every process and release, or stored numbers would mean nothing."""
    chance = random.Random(_SEED)  # noqa: S311  Nothing here is secret.
    return tuple((chance.randrange(1, _PRIME), chance.randrange(_PRIME)) for _ in range(ROWS * BANDS))
