"""What an approval may give: as much as was asked for, or less. Never more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from tiers import snapshot
from tiers.facts import NO_LIMITS, Catalogue, LimitFacts, ModelFacts
from tiers.limit_rules import check_limits_of_grant
from tiers.models import AIModel, GrantPermission, Tier
from tiers.policies import check_window
from tokens.models import AccessRequest, Decision


@dataclass(frozen=True, slots=True)
class Terms:
    """What an approval gives. `models`, by name: some of the tier that was asked for, beside `tier` or in its place."""

    tier: Tier | None = None
    model: AIModel | None = None
    models: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    until: datetime | None = None
    limits: LimitFacts = NO_LIMITS


NOTHING: Final = Terms()


def terms_in(decision: Decision) -> Terms:
    return Terms(
        tier=decision.tier,
        model=decision.model,
        models=tuple(decision.chosen_models),
        permissions=tuple(decision.permissions),
        until=decision.until,
        limits=decision.limit_facts,
    )


def terms_to_grant(
    access_request: AccessRequest,
    tier: Tier | None,
    models: Sequence[str],
    permissions: Sequence[str],
    until: datetime | None,
    limits: LimitFacts,
) -> Terms:
    """`tier`: None for what was asked, and with `models` for these alone. Raises Invalid where that cannot be given."""
    tier = _tier(access_request, tier, models)
    asked = access_request.tier
    chosen = _models(asked, tier, models) if asked and models else ()
    check_window(None, until)
    check_limits_of_grant(limits, tier)
    return Terms(tier, access_request.model, chosen, _permissions(access_request, permissions), until, limits)


def _tier(access_request: AccessRequest, tier: Tier | None, models: Sequence[str]) -> Tier | None:
    asked = access_request.tier
    if asked is None:
        if tier is not None or models:
            raise Invalid(_("This access request is for a model, not for a tier."), field="tier")
        return None
    if tier is None and models:
        return None
    chosen = tier or asked
    if chosen.rank > asked.rank:
        message = _("%(tier)s is more than was asked for. Grant %(asked)s or less.")
        raise Invalid(message % {"tier": chosen.slug, "asked": asked.slug}, field="tier")
    if not Tier.objects.filter(rank__lt=chosen.rank).exists():
        raise Invalid(_("%(tier)s is open to everybody: choose a higher tier.") % {"tier": chosen.slug}, field="tier")
    return chosen


def models_of_tier(catalogue: Catalogue, asked: Tier | None, now: datetime) -> list[ModelFacts]:
    """Those that the tier opens to whom it is granted now and that not everybody has; what it alone opens first. Not
    what is in early access or will be: a grant of the model would open it in its window, and the tier does not."""
    if asked is None:
        return []
    ranks = {slug: tier.rank for slug, tier in catalogue.tiers.items()}
    found = [
        model
        for model in catalogue.models.values()
        if model.tier and catalogue.lowest_tier.rank < ranks[model.tier] <= asked.rank and _is_open(model, now)
    ]
    return sorted(found, key=lambda model: (-ranks[model.tier or ""], model.name))


def _is_open(model: ModelFacts, now: datetime) -> bool:
    ends = model.early_access_ends
    return not model.gated and not model.is_retired(now) and (ends is None or ends <= now)


def _models(asked: Tier, tier: Tier | None, models: Sequence[str]) -> tuple[str, ...]:
    """The chosen ones by name, in the one order in which they are compared, but for those that come with `tier`."""
    if tier is not None and tier.rank == asked.rank:
        message = _("%(tier)s opens all of its models. To give only some, choose a lower tier, or none.")
        raise Invalid(message % {"tier": tier.slug}, field="models")
    now, catalogue = snapshot.kept_now()
    offered = {model.name: catalogue.tiers[model.tier or ""].rank for model in models_of_tier(catalogue, asked, now)}
    for name in models:
        if name not in offered:
            message = _("%(model)s is not among the models that %(tier)s opens now.")
            raise Invalid(message % {"model": name, "tier": asked.slug}, field="models")
    return tuple(sorted({name for name in models if tier is None or offered[name] > tier.rank}))


def _permissions(access_request: AccessRequest, chosen: Sequence[str]) -> tuple[str, ...]:
    """In the one order in which they are compared. A tier opens generating alone."""
    if access_request.model is None:
        return (GrantPermission.GENERATE.value,)
    return tuple(name for name in GrantPermission.values if not chosen or name in chosen)
