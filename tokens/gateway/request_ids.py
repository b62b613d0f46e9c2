"""The name of one ask, by which a caller, a gateway's log and ours find each other."""

import os
import re
from typing import Any

_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")


def new() -> str:
    return f"req_{os.urandom(12).hex()}"


def is_one(given: Any) -> bool:
    return isinstance(given, str) and _FORM.fullmatch(given) is not None


def accepted(given: Any) -> str:
    """What the gateway gave, if it is fit for headers and logs; else a new one."""
    return given if given is not None and is_one(given) else new()
