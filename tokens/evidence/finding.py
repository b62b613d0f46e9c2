"""One signal as it was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tiers.facts import Catalogue
from tokens.models import AccessRequest, SignalKind, SignalState


@dataclass(frozen=True, slots=True)
class Finding:
    """`facts` are JSON values; the words are made where they are read (`selectors/review_signals.py`)."""

    kind: SignalKind
    state: SignalState
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """What a signal is looked for in. `now` is the database's time."""

    asked: AccessRequest
    catalogue: Catalogue
    now: datetime


def could_not(kind: SignalKind, why: str) -> Finding:
    return Finding(kind, SignalState.UNKNOWN, {"why": why[:200]})
