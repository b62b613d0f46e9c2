"""Which limits hold for one token: of the token itself, of its application, of its workspace. Pure.

All of them hold at once. Where a call spends of an allowance it spends of each. Packs are more of the application's
allowance: no cap of the holder's and no limit of a whole workspace gives way to one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tiers.entitlements import Standing, in_scope
from tiers.facts import NO_LIMITS, GrantFacts, LimitFacts, TierFacts
from tokens.gateway.ask import Address, Pass

# Inside, costs are whole numbers: thousandths of a call.
CALL: Final = 1000


class Scope(StrEnum):
    TOKEN = "token"  # noqa: S105
    APPLICATION = "application"
    WORKSPACE = "workspace"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Pack:
    """Calls that were bought or given beside the tier's own. `id`: the grant's. It is there from `starts_at` and, where
    it has an end, until then (Unix time)."""

    id: str
    calls: int
    starts_at: float
    ends_at: float | None = None

    def is_there(self, now: float) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class Limit:
    """`subject`: the public id of what it is a limit of. `packs`: in the order in which they are spent."""

    scope: Scope
    subject: str
    facts: LimitFacts
    packs: tuple[Pack, ...] = ()


def of(rights: Pass, stands: Standing) -> tuple[Limit, ...]:
    """The limits that say anything, the widest last."""
    found = (
        Limit(Scope.TOKEN, rights.token, rights.caps),
        Limit(
            Scope.APPLICATION,
            rights.application.id,
            of_application(rights.application_limits, stands),
            packs_of(rights),
        ),
        Limit(Scope.WORKSPACE, rights.workspace, rights.workspace_limits),
    )
    return tuple(limit for limit in found if limit.facts != NO_LIMITS)


def of_application(staffs: LimitFacts, stands: Standing) -> LimitFacts:
    """Of each limit what staff set for the application; else what the grant says that it stands on, else the tier."""
    granted = stands.grant.limits if stands.grant else NO_LIMITS
    return _first(staffs, granted, stands.tier.limits)


def of_address(tier: TierFacts, subject: str) -> tuple[Limit, ...]:
    """Of a caller without a token, by its address."""
    return (Limit(Scope.ADDRESS, subject, tier.limits),)


def address_subject(address: Address | None, gateway: str) -> str:
    """Whose limit a caller without a token spends: that of its IPv4 address or of its IPv6 /64. Of whom no address is
    known, all callers of one gateway share one."""
    if address is None:
        return f"gateway:{gateway}"
    mapped = address.ipv4_mapped if address.version == 6 else None
    if address.version == 4 or mapped is not None:
        return str(mapped or address)
    return f"{int(address) >> 64:016x}"


def packs_of(rights: Pass) -> tuple[Pack, ...]:
    """The packs that may be spent at some time, the soonest to end first. One that is suspended is not there."""
    grants = in_scope(rights.grants, rights.application.pk)
    packs = [_pack(grant, grant.calls) for grant in grants if grant.calls is not None and not _is_off(grant)]
    return tuple(sorted(packs, key=lambda pack: (pack.ends_at is None, pack.ends_at or 0.0, pack.id)))


def _is_off(grant: GrantFacts) -> bool:
    return any(since is not None for since in (grant.suspended_at, grant.disputed_at, grant.revoked_at))


def _pack(grant: GrantFacts, calls: int) -> Pack:
    ends_at = grant.ends_at.timestamp() if grant.ends_at else None
    return Pack(grant.id, calls, grant.starts_at.timestamp(), ends_at)


def _first(*facts: LimitFacts) -> LimitFacts:
    """Of each limit what the first says that says something."""
    return LimitFacts(
        per_minute=next((f.per_minute for f in facts if f.per_minute is not None), None),
        per_day=next((f.per_day for f in facts if f.per_day is not None), None),
        per_month=next((f.per_month for f in facts if f.per_month is not None), None),
        concurrent=next((f.concurrent for f in facts if f.concurrent is not None), None),
    )
