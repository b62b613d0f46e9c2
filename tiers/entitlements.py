"""What is held at an instant: grants + catalogue + instant → entitlement. Pure: no database, no clock.

Time alone opens and closes grants, so nothing needs to run when one starts or ends.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tiers.facts import Catalogue, GrantFacts, ModelFacts, TierFacts

# A grant that ended longer ago is history, no longer the reason of a refusal.
EXPIRY_REMEMBERED = timedelta(days=90)


class Phase(StrEnum):
    """Where a grant is in its life, at an instant."""

    LIVE = "live"
    SUSPENDED = "suspended"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    OVER = "over"


class Lack(StrEnum):
    """Why a model is not held, in the order in which they are told. Values are the decision's reason codes."""

    GRANT_SUSPENDED = "grant_suspended"
    GRANT_NOT_STARTED = "grant_not_started"
    GRANT_EXPIRED = "grant_expired"
    EARLY_ACCESS = "early_access"
    APPROVAL_REQUIRED = "approval_required"
    TIER_REQUIRED = "tier_required"


@dataclass(frozen=True, slots=True)
class Standing:
    """The tier somebody stands on, and the grant it comes from (None: everybody has it)."""

    tier: TierFacts
    grant: GrantFacts | None


@dataclass(frozen=True, slots=True)
class Held:
    """The model is held: by a grant, or (None) because everybody may use it."""

    by: GrantFacts | None


@dataclass(frozen=True, slots=True)
class NotHeld:
    """The model is not held; `grant` is the one whose cure would open it, where there is one."""

    lack: Lack
    grant: GrantFacts | None = None


_CURED_BY_GRANT = {
    Phase.SUSPENDED: Lack.GRANT_SUSPENDED,
    Phase.NOT_STARTED: Lack.GRANT_NOT_STARTED,
    Phase.EXPIRED: Lack.GRANT_EXPIRED,
}


def phase(grant: GrantFacts, now: datetime) -> Phase:
    """Revocation is for good and beats all; a grant past its end is expired even while suspended."""
    if grant.revoked_at is not None:
        return Phase.OVER
    if grant.ends_at is not None and grant.ends_at <= now:
        return Phase.EXPIRED if now - grant.ends_at < EXPIRY_REMEMBERED else Phase.OVER
    if grant.suspended_at is not None:
        return Phase.SUSPENDED
    return Phase.NOT_STARTED if now < grant.starts_at else Phase.LIVE


def in_scope(grants: Iterable[GrantFacts], application: int | None) -> Iterator[GrantFacts]:
    """The grants that hold for one application: its own and the workspace's."""
    return (grant for grant in grants if grant.application is None or grant.application == application)


def standing(catalogue: Catalogue, grants: Iterable[GrantFacts], application: int | None, now: datetime) -> Standing:
    """The highest tier that a live grant gives; of two that give it, the one that lasts longest. Else the lowest."""
    best = Standing(catalogue.lowest_tier, None)
    for grant in in_scope(grants, application):
        tier = catalogue.tiers.get(grant.tier or "")
        if tier is None or phase(grant, now) is not Phase.LIVE:
            continue
        if tier.rank > best.tier.rank or (tier.rank == best.tier.rank and _outlasts(grant, best.grant)):
            best = Standing(tier, grant)
    return best


def _outlasts(grant: GrantFacts, other: GrantFacts | None) -> bool:
    if other is None:
        return True
    return other.ends_at is not None and (grant.ends_at is None or grant.ends_at > other.ends_at)


def opens(catalogue: Catalogue, grant: GrantFacts, model: ModelFacts, permission: str, now: datetime) -> bool:
    """Whether this grant, were it live, would open the model. A grant of the model itself opens it whatever the
    tier and the window; a tier opens it to `generate` alone, outside the window, unless it is gated."""
    if grant.model is not None:
        return grant.model == model.name and _permits(grant, permission)
    tier = catalogue.tiers.get(grant.tier or "")
    return tier is not None and _tier_opens(catalogue, tier, model, permission, now)


def _permits(grant: GrantFacts, permission: str) -> bool:
    """Download includes generate."""
    return permission in grant.permissions or (permission == "generate" and "download" in grant.permissions)


def _tier_opens(catalogue: Catalogue, tier: TierFacts, model: ModelFacts, permission: str, now: datetime) -> bool:
    lowest = catalogue.tiers.get(model.tier or "")
    if lowest is None or model.gated or permission != "generate" or model.in_early_access(now):
        return False
    return tier.rank >= lowest.rank


def holding(
    catalogue: Catalogue,
    grants: Iterable[GrantFacts],
    model: ModelFacts,
    *,
    application: int | None,
    permission: str,
    now: datetime,
) -> Held | NotHeld:
    """Whether the model is held, and if not, the first lack whose cure alone would open it."""
    candidates = [g for g in in_scope(grants, application) if opens(catalogue, g, model, permission, now)]
    live = [grant for grant in candidates if phase(grant, now) is Phase.LIVE]
    if live:
        return Held(max(live, key=_lasting))
    if _tier_opens(catalogue, catalogue.lowest_tier, model, permission, now):
        return Held(None)
    for stage, lack in _CURED_BY_GRANT.items():
        for grant in candidates:
            if phase(grant, now) is stage and _curable(grant, model, now):
                return NotHeld(lack, grant)
    if model.in_early_access(now):
        return NotHeld(Lack.EARLY_ACCESS)
    if model.gated or permission != "generate":
        return NotHeld(Lack.APPROVAL_REQUIRED)
    return NotHeld(Lack.TIER_REQUIRED)


def _lasting(grant: GrantFacts) -> tuple[bool, float]:
    return grant.ends_at is None, grant.ends_at.timestamp() if grant.ends_at else 0.0


def _curable(grant: GrantFacts, model: ModelFacts, now: datetime) -> bool:
    """Early access that ended with its window cannot be had again."""
    return grant.source != "early_access" or phase(grant, now) is not Phase.EXPIRED or model.in_early_access(now)
