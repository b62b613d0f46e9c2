"""What is on sale: checked by field, versioned, told in the audit; and early access follows its model's window."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, transaction

from accounts.audit import System
from accounts.clock import now
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import AuditEvent, User
from tests.factories import administrator, auditor, catalogue
from tiers.actions.catalogue_edits import edit_model
from tiers.actions.products import add_product, publish_version, set_price_id, withdraw_product
from tiers.models import AIModel, Product, ProductVersion, ProviderPrice, Tier

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PRICE = {"name": "Offer", "amount": 500, "currency": "USD"}


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    catalogue()


@pytest.fixture
def admin() -> User:
    return administrator()


def add(by: User, kind: str = "tier", slug: str = "offer", **values: Any) -> ProductVersion:
    subject: dict[str, Any] = {
        "tier": {"tier": Tier.objects.get(slug="flower")},
        "model": {"model": AIModel.objects.get(name="gpt-4o"), "permissions": ["generate"]},
        "early_access": {"model": AIModel.objects.get(name="flux-pro"), "permissions": ["generate"]},
        "pack": {"calls": 1000},
    }.get(kind, {})
    return add_product(slug=slug, kind=kind, values={**PRICE, **subject, **values}, reason="New", by=by)


def windowed(end: timedelta) -> AIModel:
    AIModel.objects.filter(name="flux-pro").update(early_access_from=now() - 9 * DAY, early_access_until=now() + end)
    return AIModel.objects.get(name="flux-pro")


def test_a_product_of_each_kind_is_on_sale_at_once(admin: User) -> None:
    window = windowed(DAY)
    for kind in ("tier", "model", "early_access", "pack"):
        version = add(admin, kind, slug=f"the-{kind.replace('_', '-')}")
        assert (version.number, version.sale_until) == (1, None)
        assert version.sale_from <= now()
    assert ProductVersion.objects.get(product__kind="early_access").window_until == window.early_access_until
    assert AuditEvent.objects.filter(action="product.added").count() == 4


def test_who_may_download_may_generate(admin: User) -> None:
    assert add(admin, "model", permissions=["download"]).permissions == ["generate", "download"]


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("tier", {"amount": 0}, "amount"),
        ("tier", {"amount": 10**9 + 1}, "amount"),
        ("tier", {"amount": 5.0}, "amount"),
        ("tier", {"currency": "USX"}, "currency"),
        ("tier", {"currency": ""}, "currency"),
        ("tier", {"name": " "}, "name"),
        ("tier", {"name": "x" * 81}, "name"),
        ("tier", {"tier": None}, "tier"),
        ("tier", {"calls": 5}, "calls"),
        ("tier", {"permissions": ["generate"]}, "permissions"),
        ("tier", {"interval": "week"}, "interval"),
        ("tier", {"interval": "month", "lasts_days": 30}, "lasts_days"),
        ("tier", {"lasts_days": 0}, "lasts_days"),
        ("tier", {"grace_days": 91}, "grace_days"),
        ("tier", {"partial_refund": "prorate"}, "partial_refund"),
        ("tier", {"partial_refund": "double"}, "partial_refund"),
        ("model", {"model": None}, "model"),
        ("model", {"permissions": []}, "permissions"),
        ("model", {"permissions": ["own"]}, "permissions"),
        ("early_access", {"interval": "month"}, "interval"),
        ("pack", {"calls": None}, "calls"),
        ("pack", {"calls": 10**12 + 1}, "calls"),
        ("pack", {"interval": "year"}, "interval"),
        ("gift", {}, "kind"),
        ("tier", {"slug": "Offer"}, "slug"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    admin: User, kind: str, values: dict[str, Any], field: str
) -> None:
    windowed(DAY)
    with pytest.raises(Invalid) as refused:
        add(admin, kind, **values)
    assert refused.value.field == field
    assert not Product.objects.exists()


def test_early_access_needs_a_window_that_has_not_ended(admin: User) -> None:
    windowed(-DAY)
    for model in ("flux-pro", "gpt-4o"):
        with pytest.raises(Invalid) as refused:
            add(admin, "early_access", model=AIModel.objects.get(name=model))
        assert refused.value.field == "model"


def test_what_ends_and_packs_may_be_shortened(admin: User) -> None:
    for kind, values in (("tier", {"lasts_days": 30}), ("model", {"interval": "year"}), ("pack", {})):
        add(admin, kind, slug=f"shortened-{kind}", partial_refund="prorate", **values)
    assert ProductVersion.objects.count() == 3


def test_two_products_have_two_names(admin: User) -> None:
    add(admin)
    with pytest.raises(Invalid, match="already"):
        add(admin)


def test_a_change_is_the_next_version_and_begins_as_the_last_one_ends(admin: User) -> None:
    first = add(admin, lasts_days=30)
    second = publish_version(product=first.product, values={"amount": 700}, reason="Dearer", by=admin)
    first.refresh_from_db()
    assert (second.number, second.amount, second.lasts_days, second.tier) == (2, 700, 30, first.tier)
    assert first.sale_until == second.sale_from
    assert first.amount == 500
    event = AuditEvent.objects.get(action="product.changed")
    assert (event.before, event.after) == ({"number": 1, "amount": 500}, {"number": 2, "amount": 700})
    with pytest.raises(Invalid, match="Nothing has changed"):
        publish_version(product=first.product, values={"amount": 700}, reason="Again", by=admin)


def test_what_is_withdrawn_can_come_back_as_it_was(admin: User) -> None:
    first = add(admin)
    withdraw_product(product=first.product, reason="Pause", by=admin)
    with pytest.raises(Conflict):
        withdraw_product(product=first.product, reason="Again", by=admin)
    second = publish_version(product=first.product, values={}, reason="Back", by=admin)
    first.refresh_from_db()
    assert first.sale_until is not None
    assert first.sale_until <= second.sale_from
    assert second.sale_until is None


def test_the_database_itself_refuses_to_edit_what_was_sold(admin: User) -> None:
    with pytest.raises(Error, match="never edited"):
        ProductVersion.objects.filter(pk=add(admin).pk).update(amount=1)


def test_a_moved_window_sells_early_access_anew_and_a_closed_one_no_more(admin: User) -> None:
    model = windowed(DAY)
    first = add(admin, "early_access")
    later = now() + 5 * DAY
    edit_model(model=model, values={"early_access_until": later}, reason="Later", by=admin)
    second = first.product.versions.get(sale_until=None)
    assert (second.number, second.window_until) == (2, later)
    edit_model(model=model, values={"description": "Finer"}, reason="Words", by=admin)
    assert first.product.versions.count() == 2
    none = {"early_access_from": None, "early_access_until": None}
    edit_model(model=model, values=none, reason="Open to all", by=admin)
    assert not first.product.versions.filter(sale_until=None).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"free_tries": 10_001}, "free_tries"),
        ({"goal_amount": 5, "goal_currency": "USX"}, "goal_currency"),
        ({"goal_amount": 0, "goal_currency": "USD"}, "goal_amount"),
        ({"goal_currency": "USD"}, "goal_amount"),
    ],
)
def test_tries_and_goal_of_a_window_are_checked(admin: User, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        edit_model(model=windowed(DAY), values=values, reason="Window", by=admin)
    assert refused.value.field == field


def test_only_who_manages_payments_may_and_the_platform_itself() -> None:
    with pytest.raises(NotAllowed):
        add(auditor())
    version = add(System("demo"))  # type: ignore[arg-type]
    assert version.created_by is None
    for refused in (
        lambda by: publish_version(product=version.product, values={"amount": 1}, reason="Why", by=by),
        lambda by: withdraw_product(product=version.product, reason="Why", by=by),
        lambda by: set_price_id(version=version, provider="stripe", price_id="price_1", by=by),
    ):
        with pytest.raises(NotAllowed):
            refused(auditor())


def test_a_reason_is_asked_for(admin: User) -> None:
    version = add(admin)
    with pytest.raises(Invalid, match="reason"):
        publish_version(product=version.product, values={"amount": 7}, reason=" ", by=admin)
    with pytest.raises(Invalid, match="reason"):
        withdraw_product(product=version.product, reason="", by=admin)


def test_a_provider_s_id_is_of_one_product(admin: User) -> None:
    first = add(admin)
    url = "https://shop.example.com/buy?for={workspace}"
    set_price_id(version=first, provider="standard", price_id="p_1", checkout_url=url, by=admin)
    set_price_id(version=first, provider="standard", price_id="p_2", checkout_url=url, by=admin)
    set_price_id(version=first, provider="standard", price_id="p_2", checkout_url=url, by=admin)
    assert ProviderPrice.objects.get().price_id == "p_2"
    assert AuditEvent.objects.filter(action="product.price_id_set").count() == 2
    second = add(admin, slug="other")
    for values, field in (
        ({"provider": "standard", "price_id": "p_2"}, "price_id"),
        ({"provider": "standard", "price_id": " "}, "price_id"),
        ({"provider": "nobody", "price_id": "p_3"}, "provider"),
        ({"provider": "standard", "price_id": "p_3", "checkout_url": "javascript:alert(1)"}, "checkout_url"),
        ({"provider": "standard", "price_id": "p_3", "checkout_url": "https://[oops"}, "checkout_url"),
    ):
        with pytest.raises(Invalid) as refused:
            set_price_id(version=second, by=admin, **values)
        assert refused.value.field == field


def test_what_costs_the_same_is_sold_on_and_what_was_shown_stays_payable(admin: User) -> None:
    first = add(admin)
    set_price_id(version=first, provider="stripe", price_id="price_5", by=admin)
    second = publish_version(product=first.product, values={"name": "Better words"}, reason="Words", by=admin)
    assert [p.version for p in ProviderPrice.objects.filter(price_id="price_5").order_by("pk")] == [first, second]
    dearer = publish_version(product=first.product, values={"amount": 600}, reason="Dearer", by=admin)
    assert not dearer.prices.exists()
    with pytest.raises(Invalid, match="Another product or version"):
        set_price_id(version=dearer, provider="stripe", price_id="price_5", by=admin)
    with pytest.raises(Error, match="sells something else"), transaction.atomic():
        ProviderPrice.objects.create(version=dearer, provider="stripe", price_id="price_5")
    again = publish_version(product=first.product, values={"amount": 500}, reason="As it was", by=admin)
    assert set_price_id(version=again, provider="stripe", price_id="price_5", by=admin).version == again


def test_a_moved_window_is_sold_on_at_the_providers(admin: User) -> None:
    model = windowed(DAY)
    first = add(admin, "early_access")
    set_price_id(version=first, provider="stripe", price_id="price_5", by=admin)
    edit_model(model=model, values={"early_access_until": now() + 5 * DAY}, reason="Later", by=admin)
    assert first.product.versions.get(sale_until=None).prices.get().price_id == "price_5"
