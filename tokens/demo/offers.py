"""What is on sale in the demo, and the shop outside that may tell of orders by Standard Webhooks."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Final

from accounts import clock
from accounts.models import PlatformRole, User
from tiers.actions import products
from tiers.actions.catalogue_edits import edit_model
from tiers.actions.webhook_sources import MintedSource, add_source, rotate_secret
from tiers.models import AIModel, Product, ProductVersion, Tier, WebhookSource
from tokens.demo.story import Stage, Step, Table, read, span

SOURCE: Final = "demo"
SOURCE_MADE: Final = timedelta(days=88)
_WINDOW: Final[tuple[str, ...]] = ("free_tries", "goal_amount", "goal_currency")


def steps(stage: Stage) -> Iterator[Step]:
    for told in read("products")["windows"]:
        yield Step(span(told["set"]), partial(_window, stage, told))
    for told in read("products")["products"]:
        yield Step(span(told["added"]), partial(_add, stage, told))
        for change in told.get("changes", []):
            yield Step(span(change["ago"]), partial(_change, stage, told["slug"], change))
        if "withdrawn" in told:
            yield Step(span(told["withdrawn"]["ago"]), partial(_withdraw, stage, told))


def _window(stage: Stage, told: Table) -> None:
    # To the minute, as the catalogue's form has it.
    loading = (clock.now() + span(told["set"])).replace(second=0, microsecond=0)
    values = {
        "early_access_from": loading - span(told["opened"]),
        "early_access_until": loading + timedelta(days=told["ends_in"]),
        **{name: told[name] for name in _WINDOW if name in told},
    }
    model = AIModel.objects.get(name=told["model"])
    edit_model(model=model, values=values, reason=told["reason"], by=stage.administrator)


def _add(stage: Stage, told: Table) -> None:
    products.add_product(
        slug=told["slug"], kind=told["kind"], values=_values(told), reason="On sale.", by=stage.administrator
    )


def _change(stage: Stage, slug: str, change: Table) -> None:
    product = Product.objects.get(slug=slug)
    values = _values(change)
    products.publish_version(product=product, values=values, reason=change["reason"], by=stage.administrator)


def _withdraw(stage: Stage, told: Table) -> None:
    product = Product.objects.get(slug=told["slug"])
    products.withdraw_product(product=product, reason=told["withdrawn"]["reason"], by=stage.administrator)


def _values(told: Table) -> dict[str, Any]:
    values = {name: told[name] for name in products.EDITABLE if name in told}
    if "tier" in values:
        values["tier"] = Tier.objects.get(slug=values["tier"])
    if "model" in values:
        values["model"] = AIModel.objects.get(name=values["model"])
    return values


def add_demo_source(by: User) -> MintedSource:
    return add_source(name=SOURCE, demo=True, by=by)


def rotate_demo_source() -> MintedSource:
    """A new secret, unless somebody retired the source: then that was meant, and a new source is needed."""
    by = User.objects.filter(demo=True, role=PlatformRole.ADMINISTRATOR).order_by("pk")[0]
    return rotate_secret(source=WebhookSource.objects.get(name=SOURCE, demo=True), overlap=timedelta(0), by=by)


def listed() -> list[dict[str, Any]]:
    """What `var/demo.json` says of the products that are on sale, in the order of the file."""
    slugs = [told["slug"] for told in read("products")["products"] if told.get("listed", True)]
    on_sale = ProductVersion.objects.filter(product__slug__in=slugs, sale_until=None)
    found = {version.product.slug: version for version in on_sale.select_related("product", "tier", "model")}
    return [_entry(found[slug]) for slug in slugs if slug in found]


def _entry(version: ProductVersion) -> dict[str, Any]:
    return {
        "slug": version.product.slug,
        "kind": version.product.kind,
        "opens": str(version.tier or version.model or version.calls),
        "amount": version.amount,
        "currency": version.currency,
    }
