"""What a gateway wants to know, what it is answered, and the facts that the answer rests on. Values only.

What is made anew for every ask is a Struct, which is made twenty times as fast as a frozen dataclass."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple

import msgspec

from tiers.facts import NO_LIMITS, GrantFacts, LimitFacts, OrderFacts, TierFacts, TriesFacts

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Hold(msgspec.Struct, frozen=True):
    """The call's cost is an estimate: hold it for so many seconds. `name`: of the call, the gateway's id in it. `asked`
    tells this ask from others of the same name. `told`: what is kept of an allow, to be told again."""

    name: str
    seconds: int
    asked: str
    told: Callable[["Decision"], bytes]


class Ask(msgspec.Struct, frozen=True):
    """One question. `endpoint` is the raw path as the caller sent it, still percent-encoded, perhaps with a query.
    `operation`: the slug of an operation, by those who name one itself; then no path is looked at.
    `request_id` is ours or the gateway's, never the caller's: for one of it, one free try is taken.
    `token_in_query`: the token came in the caller's query string; `token_in_header`: perhaps in a header too.
    `gateway`: the public id of who asks, which stands for callers of whom no address is known. `at_least`: a rights
    version that the answer must not be older than."""

    endpoint: str
    token: str | None = None
    model: str | None = None
    method: str = "POST"
    origin: str | None = None
    address: Address | None = None
    permission: str = "generate"
    cost: float = 1
    request_id: str = ""
    token_in_query: bool = False
    token_in_header: bool = False
    operation: str | None = None
    gateway: str = ""
    hold: Hold | None = None
    at_least: int = 0


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An access request that is not decided yet. Exactly one of `tier` and `model` is set."""

    id: str
    state: str
    tier: str | None
    model: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    pk: int
    id: str
    slug: str
    name: str
    secret_in_query: bool = False
    suspended_reason: str | None = None
    hosts: tuple[str, ...] = ()


class Identity(msgspec.Struct, frozen=True, array_like=True):
    """Whose token it is. `token`, `workspace` and `application` are public ids."""

    token: str
    workspace: str
    application: str
    slug: str
    publishable: bool
    rights_version: int


@dataclass(frozen=True, slots=True)
class Pass:
    """The compact snapshot of one token's rights. `suspended_reason`: None while not suspended, else the reason,
    perhaps empty. `ends_at` is the sooner of the token's and the secret's own end, `rotated` tells which. `caps`: the
    holder's own limits of this token; the other limits are set by staff."""

    token: str
    publishable: bool
    workspace: str
    application: ApplicationFacts
    rights_version: int
    workspace_suspended_reason: str | None = None
    demo: bool = False
    ends_at: datetime | None = None
    rotated: bool = False
    revoked_at: datetime | None = None
    revoked_reason: str = ""
    leaked: bool = False
    allowed_models: frozenset[str] = frozenset()
    allowed_operations: frozenset[str] = frozenset()
    allowed_permissions: frozenset[str] = frozenset()
    allowed_networks: tuple[Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    grants: tuple[GrantFacts, ...] = ()
    open_requests: tuple[OpenRequest, ...] = ()
    orders: tuple[OrderFacts, ...] = ()
    tries: tuple[TriesFacts, ...] = ()
    caps: LimitFacts = NO_LIMITS
    application_limits: LimitFacts = NO_LIMITS
    workspace_limits: LimitFacts = NO_LIMITS

    @property
    def identity(self) -> Identity:
        application = self.application
        return Identity(
            self.token, self.workspace, application.id, application.slug, self.publishable, self.rights_version
        )

    def tries_of(self, model: str) -> TriesFacts:
        return next((tries for tries in self.tries if tries.model == model), TriesFacts(model))


class Remedy(msgspec.Struct, frozen=True):
    """A thing the caller can do about a refusal. `href` is a path of this site; protocols make it absolute."""

    kind: str
    label: str
    href: str | None = None
    until: datetime | None = None
    model: str | None = None
    endpoint: str | None = None


class Refusal(msgspec.Struct, frozen=True):
    """One reason. `code` is a key of `reasons.REASONS`, which has its status and type."""

    code: str
    message: str
    param: str | None = None
    remedies: tuple[Remedy, ...] = ()
    retry_after: int | None = None


class GrantedBy(msgspec.Struct, frozen=True):
    """What opens an allowed call: the source of a grant, and until when."""

    source: str
    source_id: str
    ends_at: datetime | None = None


class LimitState(NamedTuple):
    """What is left of one limit after this call. `name`: requests_per_minute, requests_per_day, requests_per_month or
    concurrent_calls. `reset`: seconds until all of it is there again. `scope`: what it is a limit of (token,
    application, workspace or address)."""

    name: str
    limit: int
    remaining: int
    reset: int
    scope: str


class Missed(msgspec.Struct, frozen=True):
    """No allow is to be had quickly. `counted`: the attempt was counted against the rate already. `rights`: all that is
    known of the token, as it was stored, and `limits` what is left; by them it can be refused, once that is confirmed.
    `refused`: so it is, confirmed."""

    counted: bool
    rights: Pass | None = None
    limits: tuple[LimitState, ...] = ()
    refused: "Decision | None" = None


class Asked(msgspec.Struct, frozen=True):
    """An ordinary ask that no stored pass allows. `remembered`: PostgreSQL is away, as its gateway's record tells."""

    ask: Ask
    remembered: bool
    missed: Missed


class Spent(msgspec.Struct, frozen=True):
    """What an allowed call spent, in thousandths of a call: all of it of each of `scopes`, as the store names them, but
    for what was spent of `packs` (a grant's id, and how much) instead of the application's own. `held`: the
    reservation that it is held for."""

    workspace: str
    units: int
    scopes: tuple[str, ...]
    packs: tuple[tuple[str, int], ...] = ()
    held: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """Allowed when there is no refusal. The first refusal is the answer, the others are what would come next.
    `tries_left`: a free try of the model allows it, and so many are left after this one; the service takes the try.
    `flags`: what was away while it was made. `spent`: None where no allowance was. `held_until`: of a reservation that
    was asked for and is kept."""

    ask: Ask
    at: datetime
    refusals: tuple[Refusal, ...] = ()
    identity: Identity | None = None
    tier: TierFacts | None = None
    operation: str | None = None
    model: str | None = None
    granted_by: GrantedBy | None = None
    tries_left: int | None = None
    flags: frozenset[str] = frozenset()
    limits: tuple[LimitState, ...] = ()
    spent: Spent | None = None
    held_until: datetime | None = None

    @property
    def allow(self) -> bool:
        return not self.refusals

    @property
    def reason(self) -> Refusal | None:
        return self.refusals[0] if self.refusals else None
