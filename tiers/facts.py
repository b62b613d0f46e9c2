"""The catalogue and grants as plain values: what the pure cores read. Times are aware datetimes in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

# Before any grant: the start of one that has always held.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TierFacts:
    """Limits in calls a minute, a UTC day and a UTC month; None is unlimited."""

    slug: str
    name: str
    rank: int
    requests_per_minute: int
    requests_per_day: int | None = None
    requests_per_month: int | None = None
    self_service: bool = False


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """`tier` is the slug of the lowest tier that opens it; None for a gated model."""

    name: str
    operations: frozenset[str]
    tier: str | None
    gated: bool = False
    aliases: tuple[str, ...] = ()
    family: str = ""
    early_access_from: datetime | None = None
    early_access_until: datetime | None = None
    retired_at: datetime | None = None
    successor: str | None = None
    cost: int = 1

    def is_retired(self, now: datetime) -> bool:
        return self.retired_at is not None and self.retired_at <= now

    def in_early_access(self, now: datetime) -> bool:
        start, end = self.early_access_from, self.early_access_until
        return start is not None and end is not None and start <= now < end


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """`endpoints` are `METHOD /path/{name}` patterns; the first is the one to name to callers."""

    slug: str
    label: str
    endpoints: tuple[str, ...]
    sends: str = ""
    default_model: str | None = None


@dataclass(frozen=True)
class Catalogue:
    """One version of the whole catalogue."""

    version: int
    tiers: Mapping[str, TierFacts]
    models: Mapping[str, ModelFacts]
    operations: Mapping[str, OperationFacts]

    @cached_property
    def by_any_name(self) -> Mapping[str, ModelFacts]:
        """Models by public name and by alias."""
        names = {alias: model for model in self.models.values() for alias in model.aliases}
        return {**names, **self.models}

    @cached_property
    def lowest_tier(self) -> TierFacts:
        """The tier of whoever holds nothing: anonymous."""
        return min(self.tiers.values(), key=lambda tier: tier.rank)


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """A grant as the decision reads it. `application` is None where it holds for the whole workspace."""

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
