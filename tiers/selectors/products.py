"""What is on sale and was, as staff see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from tiers.actions.products import EDITABLE
from tiers.models import Product, ProductVersion, ProviderPrice
from tiers.money import cost

_PRICE: Final = ("amount", "currency", "interval", "lasts_days")
_NAMES: Final[dict[str, Any]] = {field.name: field.verbose_name for field in ProductVersion._meta.fields} | {
    "amount": _("price"),
    "tier": _("tier"),
    "model": _("model"),
    "permissions": _("permissions"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One property of a version that the one before it had otherwise."""

    name: Any
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """`changes`: against the version before; none of the first."""

    version: ProductVersion
    on_sale: bool
    changes: list[Change]
    prices: list[ProviderPrice]


@dataclass(frozen=True, slots=True)
class Row:
    product: Product
    latest: ProductVersion
    on_sale: bool


def products() -> QuerySet[Product]:
    versions = ProductVersion.objects.select_related("tier", "model").order_by("-number")
    return Product.objects.prefetch_related(Prefetch("versions", versions))


def row(product: Product, now: datetime) -> Row:
    latest = next(iter(product.versions.all()))
    latest.product = product
    return Row(product, latest, is_on_sale(latest, now))


def is_on_sale(version: ProductVersion, now: datetime) -> bool:
    window = version.window_until is None or version.window_until > now
    return version.sale_from <= now and (version.sale_until is None or version.sale_until > now) and window


def versions(product: Product, now: datetime) -> list[Version]:
    """The newest first, each with what it changed."""
    rows = product.versions.select_related("product", "tier", "model", "created_by").prefetch_related("prices")
    found = list(rows.order_by("-number"))
    olders: list[ProductVersion | None] = [*found[1:], None]
    return [
        Version(version, is_on_sale(version, now), _changes(older, version), list(version.prices.all()))
        for version, older in zip(found, olders, strict=True)
    ]


def _changes(older: ProductVersion | None, version: ProductVersion) -> list[Change]:
    if older is None:
        return []
    changed = [name for name in EDITABLE if getattr(older, name) != getattr(version, name)]
    found = [
        Change(_NAMES.get(name, name), _told(older, name), _told(version, name))
        for name in changed
        if name not in _PRICE
    ]
    if set(_PRICE) & set(changed):
        found.insert(0, Change(_NAMES["amount"], cost(older), cost(version)))
    return found


def _told(version: ProductVersion, name: str) -> str:
    value = getattr(version, name)
    if name == "partial_refund":
        return str(version.get_partial_refund_display())
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
