"""What is held at an instant: grants + orders + tries + catalogue + instant → entitlement. Pure: no database, no clock.

Time alone opens and closes grants and early-access windows, so nothing needs to run when one starts or ends.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tiers.facts import (
    Catalogue,
    GrantFacts,
    ModelFacts,
    OrderFacts,
    ProductFacts,
    TierFacts,
    TriesFacts,
    is_closed,
)

# A grant that ended longer ago is history, no longer the reason of a refusal.
EXPIRY_REMEMBERED = timedelta(days=90)
# For so long an order that is not settled is waited for: a checkout that nobody finished, a payment that is under way.
CHECKOUT_AWAITED: Final = timedelta(hours=24)
PAYMENT_AWAITED: Final = timedelta(days=14)
# The same request asked again within this time, and so often in all, takes no other free try.
REQUEST_REMEMBERED: Final = timedelta(minutes=5)
ASKED_AT_MOST: Final = 100


class Phase(StrEnum):
    """Where a grant is in its life, at an instant."""

    LIVE = "live"
    SUSPENDED = "suspended"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    OVER = "over"


class Lack(StrEnum):
    """Why a model is not held, in the order in which they are told. Values are the decision's reason codes."""

    PAYMENT_PENDING = "payment_pending"
    GRANT_SUSPENDED = "grant_suspended"
    GRANT_NOT_STARTED = "grant_not_started"
    GRANT_EXPIRED = "grant_expired"
    TRIAL_USED_UP = "trial_used_up"
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
class FreeTry:
    """The model is not held, but a free try opens it; `left` after this one. Whoever allows the call takes the try."""

    left: int


@dataclass(frozen=True, slots=True)
class NotHeld:
    """The model is not held; `grant` or `order` is the one whose cure would open it, where there is one."""

    lack: Lack
    grant: GrantFacts | None = None
    order: OrderFacts | None = None


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
    if grant.suspended_at is not None or grant.disputed_at is not None:
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


def opens(
    catalogue: Catalogue,
    subject: GrantFacts | OrderFacts | ProductFacts,
    model: ModelFacts,
    permission: str,
    now: datetime,
) -> bool:
    """Whether this grant, were it live, would open the model; or what is ordered or sold, once it is a grant.

    A grant of the model itself opens it whatever the tier and the window; a tier opens it to `generate` alone, outside
    the window, unless it is gated. A pack opens nothing."""
    if subject.model is not None:
        return subject.model == model.name and _permits(subject.permissions, permission)
    tier = catalogue.tiers.get(subject.tier or "")
    return tier is not None and _tier_opens(catalogue, tier, model, permission, now)


def _permits(permissions: frozenset[str], permission: str) -> bool:
    """Download includes generate."""
    return permission in permissions or (permission == "generate" and "download" in permissions)


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
    orders: Iterable[OrderFacts] = (),
    tries: TriesFacts | None = None,
    request_id: str = "",
) -> Held | FreeTry | NotHeld:
    """Whether the model is held, or else open by a free try, or else the first lack whose cure alone would open it.

    `tries`: what the workspace has taken of this model; None where nobody asks who could take one."""
    candidates = [g for g in in_scope(grants, application) if opens(catalogue, g, model, permission, now)]
    live = [grant for grant in candidates if phase(grant, now) is Phase.LIVE]
    if live:
        return Held(max(live, key=_lasting))
    if _tier_opens(catalogue, catalogue.lowest_tier, model, permission, now):
        return Held(None)
    tried = _free_try(model, tries, permission, request_id, now)
    if isinstance(tried, FreeTry):
        return tried
    pending = [order for order in orders if _is_awaited(catalogue, order, model, permission, now)]
    if pending:
        # One whose payment is under way is told before a checkout that nobody may have meant to finish.
        return NotHeld(Lack.PAYMENT_PENDING, order=max(pending, key=lambda order: (order.pending, order.since)))
    return _curable_lack(candidates, model, now) or tried or NotHeld(_lasting_lack(model, permission, now))


def _free_try(
    model: ModelFacts, tries: TriesFacts | None, permission: str, request_id: str, now: datetime
) -> FreeTry | NotHeld | None:
    """None where there are none: outside the window, to download, or without a workspace."""
    if tries is None or permission != "generate" or model.free_tries < 1 or not model.in_early_access(now):
        return None
    left = max(0, model.free_tries - tries.taken)
    known = tries.requests.get(request_id)
    if known and now - known.taken_at < REQUEST_REMEMBERED and known.asked < ASKED_AT_MOST:
        return FreeTry(left)
    return FreeTry(left - 1) if left else NotHeld(Lack.TRIAL_USED_UP)


def _is_awaited(catalogue: Catalogue, order: OrderFacts, model: ModelFacts, permission: str, now: datetime) -> bool:
    """Whether the order, once settled, would open the model; and it is recent enough to be waited for."""
    if now - order.since >= (PAYMENT_AWAITED if order.pending else CHECKOUT_AWAITED):
        return False
    return not is_closed(order, model, now) and opens(catalogue, order, model, permission, now)


def _curable_lack(candidates: Iterable[GrantFacts], model: ModelFacts, now: datetime) -> NotHeld | None:
    """What keeps a grant from opening the model that else would."""
    found = list(candidates)
    for stage, lack in _CURED_BY_GRANT.items():
        for grant in found:
            if phase(grant, now) is stage and _curable(grant, model, now):
                return NotHeld(lack, grant)
    return None


def _lasting_lack(model: ModelFacts, permission: str, now: datetime) -> Lack:
    """What is lacking where there is no grant to be cured. The window is no reason why a download is not held: no tier
    opens it when it ends."""
    if permission == "generate" and model.in_early_access(now):
        return Lack.EARLY_ACCESS
    return Lack.APPROVAL_REQUIRED if model.gated or permission != "generate" else Lack.TIER_REQUIRED


def _lasting(grant: GrantFacts) -> tuple[bool, float]:
    return grant.ends_at is None, grant.ends_at.timestamp() if grant.ends_at else 0.0


def _curable(grant: GrantFacts, model: ModelFacts, now: datetime) -> bool:
    """Early access that ended with its window cannot be had again."""
    return grant.source != "early_access" or phase(grant, now) is not Phase.EXPIRED or model.in_early_access(now)
