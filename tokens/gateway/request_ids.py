"""The name of one ask, by which a caller, a gateway's log and ours find each other."""

import os
import re
from collections import deque
from typing import Any, Final

_FORM: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Made ahead: the system is asked for chance once for many.
_AHEAD: Final = 128
_ahead: Final[deque[str]] = deque()
# A child of a fork must not give the same again.
os.register_at_fork(after_in_child=_ahead.clear)


def new() -> str:
    """Never the same twice, and not to be guessed."""
    try:
        return _ahead.popleft()
    except IndexError:
        chance = os.urandom(12 * _AHEAD).hex()
    first, *others = [f"req_{chance[at : at + 24]}" for at in range(0, len(chance), 24)]
    _ahead.extend(others)
    return first


def is_one(given: Any) -> bool:
    return isinstance(given, str) and _FORM.fullmatch(given) is not None


def accepted(given: Any) -> str:
    """What the gateway gave, if it is fit for headers and logs; else a new one."""
    return given if given is not None and is_one(given) else new()
