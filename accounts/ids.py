"""Public ids: what people, URLs and tokens call a row, so that no primary key shows."""

import re
import secrets
from typing import Final

# Crockford's base32 in lower case: no i, l, o or u, so an id survives being read aloud. 60 random bits.
CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH: Final = 12

_FORM: Final = re.compile(rf"[{CROCKFORD}]{{{LENGTH}}}")


def new_public_id() -> str:
    """A fresh random id. The column's unique constraint, not chance, rules out a second one."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(LENGTH))


def is_public_id(text: str) -> bool:
    """Whether the text has an id's exact form. Upper case and look-alike letters are not folded."""
    return len(text) == LENGTH and _FORM.fullmatch(text) is not None
