"""The checkout: what is bought is said before it is paid, the price is the one that was read, nobody pays twice."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts.audit import Task
from accounts.clock import now
from tests import factories
from tests.factories import shop
from tests.fixtures.signing_in import browser
from tiers.actions.products import publish_version, withdraw_product
from tiers.models import Order, ProductVersion, Provider, ProviderPrice

BY = Task("tests")


def look(buyer: SimpleNamespace, slug: str = "flower-month") -> HttpResponse:
    return buyer.client.get("/orders/new/", {"product": slug})


def buy(buyer: SimpleNamespace, offer: ProductVersion, **values: str) -> HttpResponse:
    given = {"product": offer.product.slug, "version": offer.public_id, "provider": "sandbox", **values}
    return buyer.client.post("/orders/new/", given)


def test_the_terms_are_said_before_anything_is_paid(buyer: SimpleNamespace) -> None:
    shop.offer(grace_days=5, partial_refund="revoke")
    page = look(buyer).content.decode()
    for words in (
        "$29.00 a month",
        "Renews by itself until you cancel",
        "5 days more",
        "Any refund closes it",
        "sandbox",
    ):
        assert words in page
    assert "/requests/new/?tier=flower" in page
    assert Order.objects.count() == 0


def test_paying_places_the_order_and_leads_to_the_provider(buyer: SimpleNamespace) -> None:
    answer = buy(buyer, shop.offer())
    order = Order.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/sandbox/{order.public_id}/"
    assert (order.provider, order.workspace, order.state) == (Provider.SANDBOX, buyer.workspace, "created")


def test_ordering_again_goes_on_with_the_order_that_waits(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    first = buy(buyer, offer)["Location"]
    assert buy(buyer, offer)["Location"] == first
    order = Order.objects.get()
    page = look(buyer).content.decode()
    assert f"/orders/{order.public_id}/" in page
    assert 'name="provider"' not in page


def test_an_order_that_waits_at_another_provider_is_gone_on_with(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    waiting = shop.tell("order.pending", offer, buyer.workspace)
    assert buy(buyer, offer)["Location"] == f"/orders/{waiting.public_id}/"
    assert Order.objects.count() == 1


def test_while_one_waits_no_other_is_placed_at_a_new_price(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    buy(buyer, offer)
    waiting = Order.objects.get()
    newer = publish_version(product=offer.product, values={"amount": 3900}, reason="Costs", by=BY)
    assert buy(buyer, newer)["Location"] == f"/orders/{waiting.public_id}/"
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "waits"), [("order.created", timedelta(hours=24)), ("order.pending", timedelta(days=14))]
)
def test_an_order_that_was_abandoned_at_a_shop_keeps_nobody_from_buying(
    buyer: SimpleNamespace, kind: str, waits: timedelta
) -> None:
    offer = shop.offer(sale_from=now() - timedelta(days=60))
    shop.tell(kind, offer, buyer.workspace, at=now() - waits + timedelta(hours=1))
    assert "You have ordered this already" in look(buyer).content.decode()
    Order.objects.update(unsettled_since=now() - waits - timedelta(hours=1))
    assert "You have ordered this already" not in look(buyer).content.decode()
    assert buy(buyer, offer)["Location"].startswith("/sandbox/")


def test_only_an_order_of_our_checkout_can_be_paid_here(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    outside = shop.tell("order.created", offer, buyer.workspace)
    assert 'id="pay"' not in buyer.client.get(f"/orders/{outside.public_id}/").content.decode()
    Order.objects.update(unsettled_since=now() - timedelta(days=2))
    buy(buyer, offer)
    ours = Order.objects.get(provider=Provider.SANDBOX)
    assert 'id="pay"' in buyer.client.get(f"/orders/{ours.public_id}/").content.decode()


def test_a_price_that_changed_meanwhile_is_read_again(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    publish_version(product=offer.product, values={"amount": 3900}, reason="Costs", by=BY)
    answer = buy(buyer, offer)
    assert answer.status_code == 409
    assert "The offer has changed" in answer.content.decode()
    assert "$39.00 a month" in answer.content.decode()
    assert Order.objects.count() == 0


@pytest.mark.parametrize("provider", ["", "stripe", "standard", "manual", "no such", "../sandbox"])
def test_only_a_provider_that_is_on_and_sells_it_can_be_chosen(buyer: SimpleNamespace, provider: str) -> None:
    assert buy(buyer, shop.offer(), provider=provider).status_code == 422
    assert Order.objects.count() == 0


def test_where_no_provider_is_on_that_is_said_plainly(buyer: SimpleNamespace, settings: Settings) -> None:
    settings.DEMO = False
    offer = shop.offer()
    page = look(buyer).content.decode()
    assert "no payment provider that sells this is switched on" in page
    assert 'name="provider"' not in page
    assert buy(buyer, offer).status_code == 422


def test_a_shop_outside_is_linked_with_the_workspace_in_its_address(buyer: SimpleNamespace) -> None:
    url = "https://shop.example.com/buy?for={workspace}"
    ProviderPrice.objects.create(version=shop.offer(), provider="standard", price_id="p1", checkout_url=url)
    page = look(buyer).content.decode()
    assert f"https://shop.example.com/buy?for={buyer.workspace.public_id}" in page
    assert "Buy at shop.example.com" in page


@pytest.mark.parametrize("slug", ["no-such", "x" * 500, "<b>", "%00ff", "'"])
def test_an_unknown_product_leads_to_what_is_sold(buyer: SimpleNamespace, slug: str) -> None:
    shop.offer()
    answer = look(buyer, slug)
    assert answer.status_code == 404
    assert "product=flower-month" in answer.content.decode()


def test_what_was_withdrawn_says_so_and_is_not_sold(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    withdraw_product(product=offer.product, reason="No more", by=BY)
    assert look(buyer).status_code == 410
    assert "is not on sale any more" in look(buyer).content.decode()
    assert buy(buyer, offer).status_code == 410


def test_what_is_held_for_good_is_not_sold_again(buyer: SimpleNamespace) -> None:
    offer = shop.offer(interval="")
    shop.bought(buyer.workspace, offer)
    assert "Nothing would be gained by paying" in look(buyer).content.decode()
    answer = buy(buyer, offer)
    assert answer.status_code == 409
    assert "holds it already" in answer.content.decode()


def test_what_is_held_for_a_time_is_said_with_its_end(buyer: SimpleNamespace) -> None:
    shop.bought(buyer.workspace, shop.offer())
    assert "Bought now it would run beside that" in look(buyer).content.decode()


def test_a_higher_tier_covers_a_lower_one(buyer: SimpleNamespace) -> None:
    shop.bought(buyer.workspace, shop.offer("nectar", tier="nectar", interval=""))
    shop.offer()
    assert "Nothing would be gained by paying" in look(buyer).content.decode()


def test_early_access_says_when_it_opens_to_all_and_warns_near_the_end(buyer: SimpleNamespace) -> None:
    shop.early_access(until=now() + timedelta(days=9))
    far = look(buyer, "flux-pro-early").content.decode()
    assert "Opens to all" in far
    assert "nearly over" not in far
    assert "it does not end with the early access" in far
    shop.early_access("flux-krea-dev", until=now() + timedelta(hours=2))
    assert "nearly over" in look(buyer, "flux-krea-dev-early").content.decode()


def test_early_access_that_is_over_is_not_sold(buyer: SimpleNamespace) -> None:
    offer = shop.early_access(until=now() + timedelta(days=1))
    type(offer.model).objects.filter(pk=offer.model_id).update(
        goal_amount=1, goal_currency="EUR", goal_reached_at=now()
    )
    assert look(buyer, "flux-pro-early").status_code == 410
    assert buy(buyer, offer).status_code == 410


def test_the_shelf_lists_what_is_on_sale(buyer: SimpleNamespace) -> None:
    assert "Nothing is on sale" in buyer.client.get("/orders/new/").content.decode()
    for offer in (shop.offer(), shop.early_access(), shop.offer("calls", calls=10_000, interval="")):
        assert f"product={offer.product.slug}" in buyer.client.get("/orders/new/").content.decode()


def test_a_visitor_signs_in_first_and_comes_back_to_the_offer(db: None) -> None:
    answer = Client().get("/orders/new/?product=flower-month")
    assert answer["Location"] == "/accounts/login/?next=/orders/new/%3Fproduct%3Dflower-month"


def test_nobody_goes_on_with_an_order_of_another_workspace(buyer: SimpleNamespace) -> None:
    buy(buyer, shop.offer())
    order = Order.objects.get()
    stranger = browser(factories.person("Sam"))
    assert stranger.post(f"/orders/{order.public_id}/pay/").status_code == 404


def test_what_is_settled_cannot_be_paid_again(buyer: SimpleNamespace) -> None:
    order = shop.bought(buyer.workspace)
    answer = buyer.client.post(f"/orders/{order.public_id}/pay/", follow=True)
    assert "does not wait for a payment any more" in answer.content.decode()
