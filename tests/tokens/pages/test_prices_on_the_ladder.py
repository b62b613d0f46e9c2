"""What can be bought, on the ladder and among the models: beside the free way, with what early access needs to say."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.clock import now
from tests import factories
from tests.factories import shop
from tiers.models import AIModel, FreeTries
from tiers.selectors.offers import Early
from tokens.models import AccessRequest

GOAL = {"free_tries": 3, "goal_amount": 50_000, "goal_currency": "EUR"}


def early(client: Client, path: str = "/tiers/") -> dict[str, Early]:
    return {found.row.model.name: found.early for found in client.get(path).context["early"]}


def test_a_tier_has_its_free_way_first_and_then_its_prices(db: None) -> None:
    factories.catalogue()
    shop.offer("flower-year", amount=29_000, interval="year")
    shop.offer()
    page = Client().get("/tiers/").content.decode()
    places = [page.index(words) for words in ("?tier=flower", "$29.00 a month", "$290.00 a year")]
    assert places == sorted(places)
    assert page.count("?product=flower-month") == 1


def test_what_is_asked_for_can_be_bought_meanwhile(world: SimpleNamespace) -> None:
    shop.offer()
    page = world.client.get("/tiers/").content.decode()
    assert AccessRequest.objects.get().public_id in page
    assert "?product=flower-month" in page


def test_what_one_stands_on_is_not_sold_to_them(world: SimpleNamespace) -> None:
    shop.bought(world.noor.personal_workspace)
    assert "?product=flower-month" not in world.client.get("/tiers/").content.decode()


def test_what_is_not_on_sale_yet_or_any_more_has_no_price(db: None) -> None:
    factories.catalogue()
    shop.offer("later", sale_from=now() + timedelta(days=1))
    shop.offer("over", sale_until=now() - timedelta(minutes=1))
    assert "?product=" not in Client().get("/tiers/").content.decode()


@pytest.mark.parametrize("path", ["/tiers/", "/models/", "/models/?tab=early"])
def test_early_access_says_its_price_its_end_its_tries_and_its_goal(world: SimpleNamespace, path: str) -> None:
    offer = shop.early_access(of_model=GOAL)
    shop.bought(factories.person("Sam").personal_workspace, offer)
    FreeTries.objects.create(workspace=world.noor.personal_workspace, model=offer.model, taken=1)
    found = early(world.client, path)["flux-pro"]
    assert (found.left, found.tries, found.raised, found.goal) == (2, 3, 900, 50_000)
    page = world.client.get(path).content.decode()
    for words in ("in 9 days", "2 of 3 left", "€9.00 of €500.00", "?product=flux-pro-early"):
        assert words in page


def test_what_was_given_back_counts_no_longer(world: SimpleNamespace) -> None:
    offer, sam = shop.early_access(of_model=GOAL), factories.person("Sam").personal_workspace
    shop.bought(sam, offer)
    shop.tell("order.refunded", offer, sam, refund={"id": "r", "amount": offer.amount})
    assert early(world.client)["flux-pro"].raised == 0


def test_who_holds_it_or_has_ordered_it_is_not_sold_it_again(world: SimpleNamespace) -> None:
    offer, workspace = shop.early_access(), world.noor.personal_workspace
    order = shop.tell("order.pending", offer, workspace)
    page = world.client.get("/models/?tab=early").content.decode()
    assert f"/orders/{order.public_id}/" in page
    assert "?product=flux-pro-early" not in page
    shop.bought(workspace, offer)
    page = world.client.get("/models/?tab=early").content.decode()
    assert "you hold it" in page
    assert "?product=flux-pro-early" not in page


def test_a_visitor_is_told_the_tries_of_any_workspace(db: None) -> None:
    factories.catalogue()
    shop.early_access(of_model=GOAL)
    assert early(Client())["flux-pro"].left is None
    assert "3 a workspace" in Client().get("/tiers/").content.decode()


def test_without_any_early_access_the_tab_says_so(db: None) -> None:
    factories.catalogue()
    AIModel.objects.update(early_access_from=None, early_access_until=None)
    assert "No model is in early access now" in Client().get("/models/?tab=early").content.decode()


def test_a_gated_model_that_is_sold_has_its_price_among_the_models(world: SimpleNamespace) -> None:
    gated = AIModel.objects.filter(gated=True, retired_at=None).exclude(early_access_until__gt=now()).first()
    assert gated is not None
    shop.offer("gated", kind="model", model=gated.name, interval="", amount=4900)
    page = world.client.get("/models/").content.decode()
    assert "?product=gated" in page
    assert f"/requests/new/?model={gated.name}" in page


def test_queries_do_not_follow_the_number_of_offers_and_orders(world: SimpleNamespace) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert world.client.get(path).status_code == 200
        return len(captured)

    shop.early_access(of_model=GOAL)
    shop.offer()
    paths = ("/tiers/", "/models/", "/models/?tab=early", "/orders/new/", "/")
    for path in paths:
        queries(path)
    before = [queries(path) for path in paths]
    for number, model in enumerate(("gpt-4o", "gpt-4o-mini", "bge-m3")):
        offer = shop.early_access(model, of_model=GOAL)
        shop.tell("order.pending", offer, world.noor.personal_workspace, reference=f"o{number}")
        shop.offer(f"flower-{number}")
    assert [queries(path) for path in paths] == before
