"""The catalogue read from PostgreSQL as one consistent version."""

from tiers.facts import Catalogue, GrantFacts, ModelFacts, OperationFacts, TierFacts
from tiers.models import AIModel, CatalogueVersion, Grant, Operation, Tier


def load() -> Catalogue:
    """Read the whole catalogue, again where a change was committed in the midst of it: every change raises the
    version in its own transaction, so what lies between two readings of the same version is of that version."""
    version = _version()
    while True:
        catalogue = Catalogue(
            version=version,
            tiers={tier.slug: _tier(tier) for tier in Tier.objects.all()},
            models={model.name: _model(model) for model in _models()},
            operations={operation.slug: _operation(operation) for operation in _operations()},
        )
        version = _version()
        if version == catalogue.version:
            return catalogue


def _version() -> int:
    row = CatalogueVersion.objects.first()
    return row.version if row else 1


def _models() -> list[AIModel]:
    return list(AIModel.objects.select_related("tier", "successor").prefetch_related("operations"))


def _operations() -> list[Operation]:
    return list(Operation.objects.select_related("default_model").order_by("id"))


def _tier(tier: Tier) -> TierFacts:
    return TierFacts(
        slug=tier.slug,
        name=tier.name,
        rank=tier.rank,
        requests_per_minute=tier.requests_per_minute,
        requests_per_day=tier.requests_per_day,
        requests_per_month=tier.requests_per_month,
        self_service=tier.self_service,
    )


def _model(model: AIModel) -> ModelFacts:
    return ModelFacts(
        name=model.name,
        operations=frozenset(operation.slug for operation in model.operations.all()),
        tier=model.tier.slug if model.tier else None,
        gated=model.gated,
        aliases=tuple(model.aliases),
        family=model.family,
        early_access_from=model.early_access_from,
        early_access_until=model.early_access_until,
        retired_at=model.retired_at,
        successor=model.successor.name if model.successor else None,
        cost=model.cost,
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
    )
