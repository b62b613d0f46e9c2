"""The catalogue, grants and orders as plain values: what the pure cores read. Times are aware datetimes in UTC."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain

# Before any grant: the start of one that has always held.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """How much somebody may use: calls a minute, cost in calls a UTC day and month, and calls at once. None says
    nothing of it."""

    per_minute: int | None = None
    per_day: int | None = None
    per_month: int | None = None
    concurrent: int | None = None


NO_LIMITS = LimitFacts()


@dataclass(frozen=True, slots=True)
class TierFacts:
    """Limits in calls a minute, a UTC day, a UTC month, and at once; None is unlimited."""

    slug: str
    name: str
    rank: int
    requests_per_minute: int
    requests_per_day: int | None = None
    requests_per_month: int | None = None
    self_service: bool = False
    concurrent_calls: int | None = None

    @property
    def limits(self) -> LimitFacts:
        return LimitFacts(
            self.requests_per_minute, self.requests_per_day, self.requests_per_month, self.concurrent_calls
        )


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """`tier` is the slug of the lowest tier that opens it; None for a gated model. `goal_reached_at`: when enough was
    given for early access, which ends its window there and then. `free_tries`: in the window, for a workspace."""

    name: str
    operations: frozenset[str]
    tier: str | None
    gated: bool = False
    aliases: tuple[str, ...] = ()
    family: str = ""
    early_access_from: datetime | None = None
    early_access_until: datetime | None = None
    goal_reached_at: datetime | None = None
    free_tries: int = 0
    retired_at: datetime | None = None
    successor: str | None = None
    cost: int = 1

    def is_retired(self, now: datetime) -> bool:
        return self.retired_at is not None and self.retired_at <= now

    @property
    def early_access_ends(self) -> datetime | None:
        """The end of the window: as announced, or sooner, when the goal was reached."""
        ends = [end for end in (self.early_access_until, self.goal_reached_at) if end is not None]
        return min(ends) if self.early_access_until is not None else None

    def in_early_access(self, now: datetime) -> bool:
        start, end = self.early_access_from, self.early_access_ends
        return start is not None and end is not None and start <= now < end


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """`endpoints` are `METHOD /path/{name}` patterns; the first is the one to name to callers."""

    slug: str
    label: str
    endpoints: tuple[str, ...]
    sends: str = ""
    default_model: str | None = None


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """One version of a product: exactly one of `tier`, `model` and `calls` is what it opens. `amount` in minor units
    of `currency`; `interval` empty: charged once, and open for `lasts_days` (None: for good). `window_until`: the end
    of the early-access window that it is sold for."""

    slug: str
    kind: str
    name: str
    amount: int
    currency: str
    sale_from: datetime
    sale_until: datetime | None = None
    tier: str | None = None
    model: str | None = None
    permissions: frozenset[str] = frozenset({"generate"})
    calls: int | None = None
    interval: str = ""
    lasts_days: int | None = None
    window_until: datetime | None = None

    def is_on_sale(self, now: datetime) -> bool:
        return self.sale_from <= now and (self.sale_until is None or now < self.sale_until)


@dataclass(frozen=True)
class Catalogue:
    """One version of the whole catalogue. `products`: those versions, by slug and the oldest first, that are on sale
    now or later and that a provider can sell."""

    version: int
    tiers: Mapping[str, TierFacts]
    models: Mapping[str, ModelFacts]
    operations: Mapping[str, OperationFacts]
    products: Mapping[str, tuple[ProductFacts, ...]] = field(default_factory=dict)

    @cached_property
    def by_any_name(self) -> Mapping[str, ModelFacts]:
        """Models by public name and by alias."""
        names = {alias: model for model in self.models.values() for alias in model.aliases}
        return {**names, **self.models}

    @cached_property
    def lowest_tier(self) -> TierFacts:
        """The tier of whoever holds nothing: anonymous."""
        return min(self.tiers.values(), key=lambda tier: tier.rank)

    def on_sale(self, now: datetime) -> Iterator[ProductFacts]:
        """What can be bought at this instant: of early access, that to a window which is not over."""
        for product in chain.from_iterable(self.products.values()):
            if product.is_on_sale(now) and not is_closed(product, self.models.get(product.model or ""), now):
                yield product


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """A grant as the decision reads it. `application` is None where it holds for the whole workspace. `calls`: a pack
    of allowance, which opens nothing. `disputed_at` suspends it as `suspended_at` does, and independently of it.
    `limits`: in place of the tier's, where it says some."""

    id: str
    source: str
    source_id: str
    tier: str | None = None
    model: str | None = None
    application: int | None = None
    permissions: frozenset[str] = frozenset({"generate"})
    starts_at: datetime = ALWAYS
    ends_at: datetime | None = None
    suspended_at: datetime | None = None
    revoked_at: datetime | None = None
    calls: int | None = None
    disputed_at: datetime | None = None
    limits: LimitFacts = NO_LIMITS


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order of a workspace that is not settled, and what it will open. `since`: when it began. `pending`: a payment
    is under way; else the buyer has not finished the checkout."""

    id: str
    kind: str
    since: datetime
    pending: bool = False
    tier: str | None = None
    model: str | None = None
    permissions: frozenset[str] = frozenset({"generate"})
    window_until: datetime | None = None


def is_closed(sold: ProductFacts | OrderFacts, model: ModelFacts | None, now: datetime) -> bool:
    """Whether what is paid for it now comes too late to open anything: the window that it is sold for is over."""
    goal = model.goal_reached_at if model and sold.kind == "early_access" else None
    return any(end is not None and end <= now for end in (sold.window_until, goal))


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """That a free try was taken for a request, and how often that request was asked by now, the first included."""

    taken_at: datetime
    asked: int


@dataclass(frozen=True, slots=True)
class TriesFacts:
    """The free tries of one model that a workspace has taken, and lately for which requests."""

    model: str
    taken: int = 0
    requests: Mapping[str, AskedAgain] = field(default_factory=dict)
