"""What is on sale. What was sold is never edited: a change is the next version, which closes the one before it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.audit import Actor
from accounts.errors import Conflict, Invalid
from accounts.models import User
from tiers import product_rules as rules
from tiers.actions.edits import lock_catalogue, only, told
from tiers.catalogue_rules import check_reason
from tiers.models import AIModel, Product, ProductKind, ProductVersion, ProviderPrice

EDITABLE: Final[tuple[str, ...]] = (
    "name",
    "description",
    "tier",
    "model",
    "permissions",
    "calls",
    "amount",
    "currency",
    "interval",
    "lasts_days",
    "grace_days",
    "partial_refund",
)
_OFFERED: Final = (*EDITABLE, "window_until")


@transaction.atomic
def add_product(*, slug: str, kind: str, values: Mapping[str, Any], reason: str, by: Actor) -> ProductVersion:
    """A new product with its first version, on sale at once. `values`: some of `EDITABLE`."""
    _begin(by)
    reason = check_reason(reason)
    product = Product(slug=rules.check_slug(slug), kind=rules.check_kind(kind))
    version = ProductVersion(
        product=product, number=1, sale_from=clock.now(), created_by=_person(by), **only(values, EDITABLE)
    )
    rules.check_version(version)
    product.save()
    version.product = product
    version.save()
    after = {"slug": product.slug, "kind": product.kind, **told(version, _OFFERED)}
    audit.record("product.added", product, by=by, workspace=None, reason=reason, after=after)
    return version


@transaction.atomic
def publish_version(*, product: Product, values: Mapping[str, Any], reason: str, by: Actor) -> ProductVersion:
    """Sell it otherwise from now on: the latest version with these of `EDITABLE` changed. One that was withdrawn
    comes back on sale. Whoever has a checkout open keeps the version that they were shown. While what is charged stays
    the same, so do the ids at the providers."""
    _begin(by)
    reason = check_reason(reason)
    latest = _latest(product)
    version = _next(latest, only(values, EDITABLE), by)
    rules.check_version(version)
    before, after = told(latest, _OFFERED), told(version, _OFFERED)
    changed = [name for name in after if before[name] != after[name]]
    if not changed and latest.sale_until is None:
        raise Invalid(_("Nothing has changed."))
    _replace(latest, version)
    audit.record(
        "product.changed",
        product,
        by=by,
        workspace=None,
        reason=reason,
        before={"number": latest.number, **{name: before[name] for name in changed}},
        after={"number": version.number, **{name: after[name] for name in changed}},
    )
    return version


@transaction.atomic
def withdraw_product(*, product: Product, reason: str, by: Actor) -> ProductVersion:
    """Sell it no more. What was sold stays; an order that waits for its money can still be paid."""
    _begin(by)
    reason = check_reason(reason)
    latest = _latest(product)
    if latest.sale_until is not None:
        raise Conflict(_("This is not on sale any more."))
    at = max(clock.now(), latest.sale_from)
    _close(latest, at)
    after = {"number": latest.number, "sale_until": at.isoformat()}
    audit.record("product.withdrawn", product, by=by, workspace=None, reason=reason, after=after)
    return latest


@transaction.atomic
def set_price_id(
    *, version: ProductVersion, provider: str, price_id: str, checkout_url: str = "", by: Actor
) -> ProviderPrice:
    """Say under which id a provider sells this version, and on which page a shop outside does."""
    _begin(by)
    values = {"price_id": rules.check_price_id(price_id), "checkout_url": rules.check_checkout_url(checkout_url)}
    provider = rules.check_provider(provider)
    named = ProviderPrice.objects.filter(provider=provider, price_id=values["price_id"]).exclude(version=version)
    if any(not _costs_the_same(price.version, version) for price in named.select_related("version")):
        raise Invalid(_("Another product or version has this id at the provider."), field="price_id")
    before = ProviderPrice.objects.filter(version=version, provider=provider).values(*values).first()
    if before == values:
        return ProviderPrice.objects.get(version=version, provider=provider)
    price, _new = ProviderPrice.objects.update_or_create(version=version, provider=provider, defaults=values)
    about = {"number": version.number, "provider": provider}
    audit.record(
        "product.price_id_set", version.product, by=by, workspace=None, before=before, after={**about, **values}
    )
    return price


def follow_window(*, model: AIModel, reason: str, by: Actor) -> None:
    """In the transaction that moved a model's early-access window: what sells early access to it is sold anew with the
    window's new end, and sold no more where early access is over."""
    over = model.early_access_until is None or model.early_access_until <= clock.now() or model.goal_reached_at
    selling = ProductVersion.objects.filter(
        product__kind=ProductKind.EARLY_ACCESS, model=model, sale_until=None
    ).select_related("product")
    for version in selling.exclude(window_until=model.early_access_until).order_by("pk"):
        if over:
            withdraw_product(product=version.product, reason=reason, by=by)
        else:
            publish_version(product=version.product, values={}, reason=reason, by=by)


def _begin(by: Actor) -> None:
    """One change of the catalogue at a time: products raise its version, so its row is locked anyway."""
    rules.check_manage(by)
    lock_catalogue()


def _latest(product: Product) -> ProductVersion:
    versions = ProductVersion.objects.filter(product=product).select_related("product", "tier", "model")
    return versions.order_by("-number")[0]


def _next(latest: ProductVersion, values: dict[str, Any], by: Actor) -> ProductVersion:
    kept = {name: getattr(latest, name) for name in EDITABLE}
    return ProductVersion(
        product=latest.product, number=latest.number + 1, created_by=_person(by), **{**kept, **values}
    )


def _replace(latest: ProductVersion, version: ProductVersion) -> None:
    """One ends at the instant at which the next begins, so that an order belongs to exactly one."""
    version.sale_from = max(clock.now(), latest.sale_from)
    if latest.sale_until is None:
        _close(latest, version.sale_from)
    version.save()
    if _costs_the_same(latest, version):
        _carry_prices(latest, version)


def _costs_the_same(one: ProductVersion, other: ProductVersion) -> bool:
    """Whether one id at a provider can stand for both: what is charged is said there, not here."""
    same = ("product_id", "amount", "currency", "interval")
    return all(getattr(one, name) == getattr(other, name) for name in same)


def _carry_prices(latest: ProductVersion, version: ProductVersion) -> None:
    """The providers sell it on. The older version keeps its ids too: whoever has its checkout open can still pay."""
    for price in latest.prices.all():
        ProviderPrice.objects.create(
            version=version, provider=price.provider, price_id=price.price_id, checkout_url=price.checkout_url
        )


def _close(version: ProductVersion, at: datetime) -> None:
    ProductVersion.objects.filter(pk=version.pk, sale_until=None).update(sale_until=at)
    version.sale_until = at


def _person(by: Actor) -> User | None:
    return by if isinstance(by, User) else None
