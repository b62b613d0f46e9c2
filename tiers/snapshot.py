"""The catalogue read from PostgreSQL as one consistent version."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from accounts import clock
from tiers.facts import Catalogue, GrantFacts, ModelFacts, OperationFacts, ProductFacts, TierFacts
from tiers.models import (
    AIModel,
    CatalogueVersion,
    Grant,
    Operation,
    ProductVersion,
    ProviderPrice,
    ServedOperation,
    Tier,
)
from tiers.order_states import Provider
from tiers.payments import providers

_EDITION: Final = """
SELECT coalesce(version, 1), coalesce(catalogue.xmin::text, ''), statement_timestamp()
  FROM (VALUES (1)) one (id) LEFT JOIN tiers_catalogueversion catalogue USING (id)
"""
# Columns of a model that its facts have as they are.
_OF_A_MODEL: Final = (
    "name",
    "gated",
    "family",
    "early_access_from",
    "early_access_until",
    "goal_reached_at",
    "free_tries",
    "retired_at",
    "cost",
)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which catalogue it is. A version number may come again after a rollback, the transaction that wrote it may not;
    what is for sale depends on who sells."""

    version: int
    written_by: str
    sellers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    edition: Edition
    catalogue: Catalogue
    until: float


_kept: _Kept | None = None


def kept() -> Catalogue:
    """The catalogue as it stands, for pages: one query while it does. What is no longer for sale by the clock alone is
    noticed within `CATALOGUE_KEPT` seconds; 0 keeps none."""
    return kept_now()[1] if settings.CATALOGUE_KEPT else load()


def kept_now() -> tuple[datetime, Catalogue]:
    """And what time it is, by the same query."""
    global _kept
    if not settings.CATALOGUE_KEPT:
        return clock.now(), load()
    (edition, now), found = _edition(), _kept
    if found is None or found.edition != edition or time.monotonic() >= found.until:
        found = _kept = _Kept(edition, load(), time.monotonic() + settings.CATALOGUE_KEPT)
        if found.catalogue.version != edition.version:
            _kept = None  # Changed in between: the next one reads it again.
    return now, found.catalogue


def _edition() -> tuple[Edition, datetime]:
    """As of this moment, which is the one clock's (`accounts/clock.py`)."""
    with connection.cursor() as cursor:
        cursor.execute(_EDITION)
        [(version, written_by, now)] = cursor.fetchall()
    return Edition(version, written_by, tuple(sorted(name for name, _provider in providers()))), now


def load() -> Catalogue:
    """Read the whole catalogue, again where a change was committed in the midst of it: every change raises the
    version in its own transaction, so what lies between two readings of the same version is of that version."""
    version = _version()
    while True:
        catalogue = Catalogue(
            version=version,
            tiers={tier.slug: _tier(tier) for tier in Tier.objects.all()},
            models=_models(),
            operations={operation.slug: _operation(operation) for operation in _operations()},
            products=_products(),
        )
        version = _version()
        if version == catalogue.version:
            return catalogue


def _version() -> int:
    row = CatalogueVersion.objects.first()
    return row.version if row else 1


def _models() -> dict[str, ModelFacts]:
    """Rows, not objects: there are hundreds, and to make an object of each, of its tier and of each of its operations
    takes four times as long."""
    served: dict[int, list[str]] = defaultdict(list)
    for model_id, operation in ServedOperation.objects.values_list("model_id", "operation__slug"):
        served[model_id].append(operation)
    rows = AIModel.objects.values("pk", *_OF_A_MODEL, "aliases", "tier__slug", "successor__name")
    return {row["name"]: _model(row, served[row["pk"]]) for row in rows}


def _operations() -> list[Operation]:
    return list(Operation.objects.select_related("default_model").order_by("id"))


def sellable() -> QuerySet[ProductVersion]:
    """What some provider that is on can sell: the sandbox sells all, Stripe what has a price there, and a shop outside
    what has a page there."""
    on = {name for name, _provider in providers()}
    if Provider.SANDBOX in on:
        return ProductVersion.objects.all()
    sold = Q(provider=Provider.STANDARD) & ~Q(checkout_url="")
    if Provider.STRIPE in on:
        sold |= Q(provider=Provider.STRIPE)
    return ProductVersion.objects.filter(Exists(ProviderPrice.objects.filter(sold, version=OuterRef("pk"))))


def _products() -> dict[str, tuple[ProductFacts, ...]]:
    on_sale = sellable().filter(Q(sale_until=None) | Q(sale_until__gt=Now()))
    found: dict[str, list[ProductFacts]] = defaultdict(list)
    for version in on_sale.select_related("product", "tier", "model").order_by("product", "number"):
        found[version.product.slug].append(_product(version))
    return {slug: tuple(versions) for slug, versions in found.items()}


def _product(version: ProductVersion) -> ProductFacts:
    return ProductFacts(
        slug=version.product.slug,
        kind=version.product.kind,
        name=version.name,
        amount=version.amount,
        currency=version.currency,
        sale_from=version.sale_from,
        sale_until=version.sale_until,
        tier=version.tier.slug if version.tier else None,
        model=version.model.name if version.model else None,
        permissions=frozenset(version.permissions or ["generate"]),
        calls=version.calls,
        interval=version.interval,
        lasts_days=version.lasts_days,
        window_until=version.window_until,
    )


def _tier(tier: Tier) -> TierFacts:
    return TierFacts(
        slug=tier.slug,
        name=tier.name,
        rank=tier.rank,
        requests_per_minute=tier.requests_per_minute,
        requests_per_day=tier.requests_per_day,
        requests_per_month=tier.requests_per_month,
        self_service=tier.self_service,
        concurrent_calls=tier.concurrent_calls,
    )


def _model(row: Mapping[str, Any], operations: Iterable[str]) -> ModelFacts:
    return ModelFacts(
        operations=frozenset(operations),
        tier=row["tier__slug"],
        aliases=tuple(row["aliases"]),
        successor=row["successor__name"],
        **{name: row[name] for name in _OF_A_MODEL},
    )


def _operation(operation: Operation) -> OperationFacts:
    return OperationFacts(
        slug=operation.slug,
        label=operation.label,
        endpoints=tuple(operation.endpoints),
        sends=operation.sends,
        default_model=operation.default_model.name if operation.default_model else None,
    )


def grant_facts(grant: Grant) -> GrantFacts:
    """A grant row (with tier and model joined) as the pure cores read it."""
    return GrantFacts(
        id=grant.public_id,
        source=grant.source,
        source_id=grant.source_id,
        tier=grant.tier.slug if grant.tier else None,
        model=grant.model.name if grant.model else None,
        application=grant.application_id,
        permissions=frozenset(grant.permissions),
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        suspended_at=grant.suspended_at,
        revoked_at=grant.revoked_at,
        calls=grant.calls,
        disputed_at=grant.disputed_at,
        limits=grant.limit_facts,
    )
