"""Which limits hold for one token: of the token itself, of its application, of its workspace. Pure.

All of them hold at once. Where a call spends of an allowance it spends of each.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tiers.entitlements import Standing
from tiers.facts import LimitFacts
from tokens.gateway.ask import Pass

# Inside, costs are whole numbers: thousandths of a call.
CALL: Final = 1000


class Scope(StrEnum):
    TOKEN = "token"  # noqa: S105
    APPLICATION = "application"
    WORKSPACE = "workspace"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Limit:
    """`subject`: the public id of what it is a limit of."""

    scope: Scope
    subject: str
    facts: LimitFacts


def of(rights: Pass, stands: Standing) -> tuple[Limit, ...]:
    """The limits that say anything, the widest last: the application's is that of the tier it stands on."""
    tier = stands.tier
    facts = LimitFacts(tier.requests_per_minute, tier.requests_per_day, tier.requests_per_month)
    return (Limit(Scope.APPLICATION, rights.application.id, facts),)
