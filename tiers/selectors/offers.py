"""What is on sale, and what a workspace should know before it buys."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from django.db.models import Q, QuerySet

from accounts.models import Workspace
from tiers import snapshot
from tiers.entitlements import CHECKOUT_AWAITED, PAYMENT_AWAITED, Held, Phase, holding, phase, standing
from tiers.facts import Catalogue, GrantFacts
from tiers.models import (
    AIModel,
    FreeTries,
    Grant,
    Order,
    OrderState,
    ProductKind,
    ProductVersion,
    Provider,
    ProviderPrice,
)
from tiers.payments import providers
from tiers.selectors.goals import raised_in_window

# So near the end of a window, a payment may settle too late.
NEARLY_OVER: Final = timedelta(days=1)
MOST_OFFERED: Final = 50
# Nobody buys from these: staff record such orders.
_NO_CHECKOUT: Final = frozenset({Provider.MANUAL})


def on_sale(now: datetime) -> QuerySet[ProductVersion]:
    """Every offer that can be bought at this instant, the cheapest first."""
    open_window = Q(window_until=None) | Q(window_until__gt=now)
    goal_reached = Q(product__kind=ProductKind.EARLY_ACCESS, model__goal_reached_at__lte=now)
    found = ProductVersion.objects.filter(open_window, Q(sale_until=None) | Q(sale_until__gt=now), sale_from__lte=now)
    return found.exclude(goal_reached).select_related("product", "tier", "model").order_by("amount", "pk")


def newest(slug: str) -> ProductVersion | None:
    """The last version of the product of that slug, on sale or not."""
    found = ProductVersion.objects.filter(product__slug=slug).select_related("product", "tier", "model__tier")
    return found.order_by("number").last()


def by_tier(offers: Iterable[ProductVersion]) -> dict[str, list[ProductVersion]]:
    found: dict[str, list[ProductVersion]] = {}
    for offer in offers:
        if offer.tier is not None:
            found.setdefault(offer.tier.slug, []).append(offer)
    return found


def by_model(offers: Iterable[ProductVersion]) -> dict[str, ProductVersion]:
    """The cheapest offer of each model, early access before any other."""
    found: dict[str, ProductVersion] = {}
    for offer in sorted(offers, key=lambda offer: offer.product.kind != ProductKind.EARLY_ACCESS):
        if offer.model is not None:
            found.setdefault(offer.model.name, offer)
    return found


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay. `href`: the page of a shop outside; empty where our own checkout leads to the provider."""

    provider: Provider
    label: str
    href: str = ""


def methods(version: ProductVersion, workspace: Workspace) -> list[Method]:
    """The ways to pay that are there now: providers that are on and sell it, and shops outside. None may be."""
    found = [
        Method(name, str(name.label))
        for name, module in providers()
        if name not in _NO_CHECKOUT and module.sells(Order(provider=name, quoted=version, workspace=workspace))
    ]
    shops = ProviderPrice.objects.filter(version=version, provider=Provider.STANDARD).exclude(checkout_url="")
    return [*found, *(_shop(shop.checkout_url, workspace) for shop in shops)]


def _shop(url: str, workspace: Workspace) -> Method:
    href = url.replace("{workspace}", quote(workspace.public_id, safe=""))
    return Method(Provider.STANDARD, urlsplit(href).hostname or href, href)


@dataclass(frozen=True, slots=True)
class Covered:
    """The workspace may do already what the offer opens. `until` None: for good."""

    until: datetime | None


def covered(version: ProductVersion, workspace: Workspace, now: datetime) -> Covered | None:
    """By what the workspace holds as a whole: a grant of one application does not cover the others."""
    if version.calls is not None:
        return None
    catalogue = snapshot.load()
    rows = Grant.objects.filter(workspace=workspace, revoked_at=None).select_related("tier", "model")
    grants = [snapshot.grant_facts(row) for row in rows if row.calls is None]
    if version.tier is not None:
        return _tier_covered(catalogue, grants, version.tier.rank, now)
    return _model_covered(catalogue, grants, version, now)


def _tier_covered(catalogue: Catalogue, grants: list[GrantFacts], rank: int, now: datetime) -> Covered | None:
    """By the tier that it stands on; of what it holds of that rank and above, what lasts longest counts."""
    if standing(catalogue, grants, None, now).tier.rank < rank:
        return None
    ends = [
        grant.ends_at
        for grant in grants
        if grant.application is None
        and phase(grant, now) is Phase.LIVE
        and (tier := catalogue.tiers.get(grant.tier or ""))
        and tier.rank >= rank
    ]
    return Covered(None if None in ends or not ends else max(end for end in ends if end))


def _model_covered(
    catalogue: Catalogue, grants: list[GrantFacts], version: ProductVersion, now: datetime
) -> Covered | None:
    if version.model is None or version.model.name not in catalogue.models:
        return None
    model = catalogue.models[version.model.name]
    permission = "download" if "download" in version.permissions else "generate"
    found = holding(catalogue, grants, model, application=None, permission=permission, now=now)
    if not isinstance(found, Held):
        return None
    return Covered(found.by.ends_at if found.by else None)


def closes_at(version: ProductVersion) -> datetime | None:
    """When the early access that it sells is over; None where it sells none."""
    if version.product.kind != ProductKind.EARLY_ACCESS:
        return None
    ends = [version.window_until, version.model.early_access_until if version.model else None]
    return min((end for end in ends if end is not None), default=None)


def unsettled_of(version: ProductVersion, workspace: Workspace, now: datetime) -> Order | None:
    """The newest order of the same product that waits for its money, whoever sells it: it is gone on with."""
    same = Q(quoted__product=version.product) | Q(version__product=version.product)
    waiting = Order.objects.filter(same, _awaited(now), workspace=workspace)
    return waiting.select_related("workspace", "version__product", "quoted__product").order_by("-pk").first()


def _awaited(now: datetime) -> Q:
    """For as long as a decision waits for it: who abandoned an order may buy again."""
    under_way = Q(state=OrderState.PENDING, unsettled_since__gt=now - PAYMENT_AWAITED)
    return under_way | Q(unsettled_since__gt=now - CHECKOUT_AWAITED)


# --- Early access -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Early:
    """A model in early access, as its workspace sees it. `left` of `tries`: free tries. `raised` of `goal` in minor
    units of `currency`; no goal is None."""

    offer: ProductVersion | None
    tries: int
    left: int | None
    raised: int
    goal: int | None
    currency: str
    ordered: Order | None

    @property
    def percent(self) -> float:
        return 100 * self.raised / self.goal if self.goal else 0


def early_access(names: Iterable[str], workspace: Workspace | None, now: datetime) -> dict[str, Early]:
    """Of each of these models in early access. Five queries, however many."""
    models = list(AIModel.objects.filter(name__in=list(names)))
    offers = by_model(offer for offer in on_sale(now).filter(model__in=models))
    raised = raised_in_window(models)
    taken = _taken(models, workspace)
    waiting = _waiting(models, workspace, now)
    return {
        model.name: Early(
            offer=offers.get(model.name),
            tries=model.free_tries,
            left=max(0, model.free_tries - taken.get(model.pk, 0)) if workspace else None,
            raised=raised.get((model.pk, model.goal_currency), 0),
            goal=model.goal_amount,
            currency=model.goal_currency,
            ordered=waiting.get(model.pk),
        )
        for model in models
    }


def _taken(models: list[AIModel], workspace: Workspace | None) -> dict[int, int]:
    if workspace is None:
        return {}
    return dict(FreeTries.objects.filter(workspace=workspace, model__in=models).values_list("model", "taken"))


def _waiting(models: list[AIModel], workspace: Workspace | None, now: datetime) -> dict[int, Order]:
    if workspace is None:
        return {}
    of_them = Q(quoted__model__in=models) | Q(version__model__in=models)
    found = Order.objects.filter(of_them, _awaited(now), workspace=workspace)
    ordered = (
        (order.version or order.quoted, order) for order in found.select_related("version", "quoted").order_by("pk")
    )
    return {offer.model_id: order for offer, order in ordered if offer and offer.model_id is not None}
