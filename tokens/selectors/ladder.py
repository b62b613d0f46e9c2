"""What each tier opens, what each model needs, and what this workspace may call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Workspace
from tiers.entitlements import Held, Standing, holding, standing
from tiers.facts import Catalogue, GrantFacts, ModelFacts, TierFacts
from tiers.models import AIModel, ProductVersion, Tier
from tiers.selectors.offers import Early, by_model, early_access, on_sale
from tiers.words import said
from tokens.models import AccessRequest
from tokens.models.requests import OPEN
from tokens.selectors.standings import grants_of
from tokens.selectors.usual_times import in_words

MODELS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier on the ladder. `opens`: the models beyond the tier below, by name; `asked`: the open request for it;
    `offers`: what sells it, the cheapest first; `usual`: within which time it is usually decided, if that is known."""

    tier: TierFacts
    description: str
    opens: list[str]
    more: int
    total: int
    here: bool
    below: bool
    lowest: bool
    asked: AccessRequest | None
    offers: list[ProductVersion]
    usual: str


@dataclass(frozen=True, slots=True)
class Filters:
    find: str = ""
    family: str = ""
    tier: str = ""
    operation: str = ""

    @property
    def any(self) -> bool:
        return bool(self.find or self.family or self.tier or self.operation)

    def let_through(self, model: ModelFacts) -> bool:
        names = " ".join([model.name, *model.aliases, model.family]).casefold()
        return (
            self.find.casefold() in names
            and self.family in ("", model.family)
            and self.tier in ("", model.tier, "gated" if model.gated else "")
            and (not self.operation or self.operation in model.operations)
        )


@dataclass(frozen=True, slots=True)
class ModelRow:
    """`held`: whether this workspace, or some application of it, may call it now; None for a visitor. `offer`: what
    sells the model by itself."""

    model: ModelFacts
    description: str
    operations: list[str]
    held: bool | None
    early: bool
    retired: bool
    offer: ProductVersion | None = None


def best_standing(workspace: Workspace | None, catalogue: Catalogue, now: datetime) -> Standing | None:
    """The highest tier that the workspace or an application of it stands on. None for a visitor."""
    if workspace is None:
        return None
    grants = grants_of(workspace)
    scopes = {grant.application for grant in grants} | {None}
    return max((standing(catalogue, grants, scope, now) for scope in scopes), key=lambda found: found.tier.rank)


def open_requests_for_tiers(workspace: Workspace | None) -> dict[str, AccessRequest]:
    """The newest open request of the workspace for each tier, by slug."""
    if workspace is None:
        return {}
    found = AccessRequest.objects.filter(workspace=workspace, state__in=OPEN, tier__isnull=False)
    return {str(asked.tier): asked for asked in found.select_related("tier").order_by("id")}


def rungs(
    catalogue: Catalogue,
    stands: Standing | None,
    asked: Mapping[str, AccessRequest],
    offers: Mapping[str, list[ProductVersion]],
    now: datetime,
) -> list[Rung]:
    """Lowest first."""
    texts = dict(Tier.objects.values_list("slug", "description"))
    tiers = sorted(catalogue.tiers.values(), key=lambda tier: tier.rank)
    found, total = [], 0
    for tier in tiers:
        opened = sorted(model.name for model in catalogue.models.values() if _opens_here(model, tier, now))
        total += len(opened)
        rank = stands.tier.rank if stands else -1
        found.append(
            Rung(
                tier=tier,
                description=said(texts.get(tier.slug, "")),
                opens=opened[:MODELS_NAMED],
                more=max(0, len(opened) - MODELS_NAMED),
                total=total,
                here=tier.rank == rank,
                below=tier.rank < rank,
                lowest=tier == tiers[0],
                asked=asked.get(tier.slug),
                offers=offers.get(tier.slug, []),
                usual=in_words(f"tier:{tier.slug}"),
            )
        )
    return found


def _opens_here(model: ModelFacts, tier: TierFacts, now: datetime) -> bool:
    return model.tier == tier.slug and not model.is_retired(now) and not model.in_early_access(now)


@dataclass(frozen=True, slots=True)
class EarlyRow:
    """A model in early access, and how this workspace may have it before all others."""

    row: ModelRow
    early: Early


def early_rows(rows: list[ModelRow], workspace: Workspace | None, now: datetime) -> list[EarlyRow]:
    """Of all models those in early access, those that open first before the others."""
    found = [row for row in rows if row.early and not row.retired]
    found.sort(key=lambda row: (row.model.early_access_until or now, row.model.name))
    facts = early_access([row.model.name for row in found], workspace, now)
    return [EarlyRow(row, facts[row.model.name]) for row in found if row.model.name in facts]


def model_rows(catalogue: Catalogue, workspace: Workspace | None, filters: Filters, now: datetime) -> list[ModelRow]:
    """By family and name, retired ones last."""
    offers = by_model(on_sale(now))
    texts = dict(AIModel.objects.values_list("name", "description"))
    grants = grants_of(workspace) if workspace else []
    shown = sorted(
        (model for model in catalogue.models.values() if filters.let_through(model)),
        key=lambda model: (model.is_retired(now), model.family.casefold(), model.name),
    )
    return [
        ModelRow(
            model=model,
            description=texts.get(model.name, ""),
            operations=[said(o.label) for o in catalogue.operations.values() if o.slug in model.operations],
            held=_held(catalogue, grants, model, now) if workspace else None,
            early=model.in_early_access(now),
            retired=model.is_retired(now),
            offer=offers.get(model.name),
        )
        for model in shown
    ]


def _held(catalogue: Catalogue, grants: list[GrantFacts], model: ModelFacts, now: datetime) -> bool:
    if model.is_retired(now):
        return False
    scopes = {grant.application for grant in grants} | {None}
    return any(
        isinstance(holding(catalogue, grants, model, application=scope, permission="generate", now=now), Held)
        for scope in scopes
    )
