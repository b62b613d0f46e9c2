"""What happens in the demo, each thing at its instant, told by the TOML files and carried out in order of time."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from accounts.models import User, Workspace
from tiers.models import AIModel, Tier
from tokens.models import AccessRequest, Application

FOLDER: Final = Path(__file__).resolve().parent / "data"
_SPAN: Final = re.compile(r"(?:(\d+)d)? ?(?:(\d+)h)? ?(?:(\d+)m)?")
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """`ago`: how long before the loading."""

    ago: timedelta
    act: Callable[[], object]


@dataclass(slots=True)
class Stage:
    """Who and what has come up so far, by the keys of the files. A person's key is their personal workspace's too."""

    people: dict[str, User] = field(default_factory=dict)
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    applications: dict[str, Application] = field(default_factory=dict)
    requests: dict[str, AccessRequest] = field(default_factory=dict)

    @property
    def administrator(self) -> User:
        return self.people["admin"]


def read(name: str) -> Table:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def span(text: str) -> timedelta:
    """`"12d 4h 30m"`, any part of which may be missing."""
    match = _SPAN.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"no span of time: {text!r}")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def subject(told: Table) -> dict[str, Tier | AIModel]:
    """The tier or the model that a table names."""
    if "tier" in told:
        return {"tier": Tier.objects.get(slug=told["tier"])}
    return {"model": AIModel.objects.get(name=told["model"])}
