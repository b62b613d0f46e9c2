"""Products on sale and orders of them, as rows: for what reads them. Nothing is paid here."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import Workspace
from tiers.models import AIModel, Order, Product, ProductKind, ProductVersion, ProviderPrice, Tier

_numbers = count(1)


def product(*, model: str | None = None, tier: str | None = None, kind: str | None = None, **values: Any) -> Product:
    """A product of one version, of $5.00, on sale since yesterday at a shop outside."""
    made = Product.objects.create(
        slug=values.pop("slug", f"product-{next(_numbers)}"),
        kind=kind or (ProductKind.TIER if tier else ProductKind.MODEL if model else ProductKind.PACK),
    )
    shop = values.pop("shop", "https://shop.example.com/")
    given = {
        "name": "Product",
        "amount": 500,
        "currency": "USD",
        "sale_from": timezone.now() - timedelta(days=1),
        "permissions": ["generate"],
        **values,
    }
    version = ProductVersion.objects.create(
        product=made,
        number=1,
        tier=Tier.objects.get(slug=tier) if tier else None,
        model=AIModel.objects.get(name=model) if model else None,
        **given,
    )
    if shop:
        ProviderPrice.objects.create(version=version, provider="standard", price_id=made.slug, checkout_url=shop)
    return made


def early_access(name: str = "gpt-4o-mini", *, tries: int = 0, starts: int = -1, ends: int = 1) -> AIModel:
    """A model in early access; `starts` and `ends` in days from now."""
    now = timezone.now()
    AIModel.objects.filter(name=name).update(
        early_access_from=now + timedelta(days=starts), early_access_until=now + timedelta(days=ends), free_tries=tries
    )
    return AIModel.objects.get(name=name)


def order(workspace: Workspace, of: Product, state: str = "pending", since: datetime | None = None) -> Order:
    """An order that is not settled."""
    return Order.objects.create(
        provider="standard",
        source="shop",
        reference=f"ord_{next(_numbers)}",
        workspace=workspace,
        version=of.versions.get(),
        state=state,
        unsettled_since=since or timezone.now(),
    )
