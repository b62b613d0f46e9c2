"""What a refusal says of money: the price, the date, what is under way; and nothing of it to visitors of a site."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import factories
from tests.factories import sales
from tests.tokens.gateway.calls import CHAT, Client
from tiers.models import AIModel, Grant, Order, ProviderPrice
from tokens.actions.applications import add_domain
from tokens.actions.tokens import Minted

DAY = timedelta(days=1)
EARLY = "gpt-4o-mini"


@pytest.fixture(autouse=True)
def _no_sandbox(settings: Any) -> None:
    """Which would sell everything."""
    settings.DEMO = False


def remedies(body: Any, kind: str) -> list[str]:
    return [remedy["label"] for remedy in body["remedies"] if remedy["kind"] == kind]


def refusal(client: Client, minted: Minted, model: str, **more: Any) -> Any:
    return client.decide(token=minted.text, model=model, **more).json


def test_early_access_names_its_price_and_the_date_it_opens(client: Client, seed: Minted) -> None:
    model = sales.early_access(EARLY)
    sales.product(model=EARLY, kind="early_access", slug="early", window_until=model.early_access_until)
    body = refusal(client, seed, EARLY)
    assert body["code"] == "early_access"
    assert f"until {model.early_access_until:%Y-%m-%d}" in body["message"]
    assert "buy early access for $5.00" in body["message"]
    assert [remedy["kind"] for remedy in body["remedies"]] == ["wait", "apply", "buy"]
    offer = body["remedies"][-1]
    assert offer["label"] == "Buy early access for $5.00"
    assert offer["href"].endswith("/orders/new/?product=early")


def test_used_up_tries_lead_to_what_is_sold_too(client: Client, seed: Minted) -> None:
    sales.early_access(EARLY, tries=1)
    sales.product(model=EARLY, kind="early_access")
    assert refusal(client, seed, EARLY)["tries_left"] == 0
    body = refusal(client, seed, EARLY)
    assert body["message"].startswith("The 1 free try of gpt-4o-mini is used up.")
    assert remedies(body, "buy") == ["Buy early access for $5.00"]


def test_a_tier_is_offered_the_lowest_first_with_how_often_it_is_paid(client: Client, seed: Minted) -> None:
    sales.product(tier="nectar", amount=90000, interval="year")
    sales.product(tier="flower", amount=2000, interval="month")
    sales.product(tier="flower", amount=700, currency="EUR", lasts_days=30)
    sales.product(tier="seed")
    body = refusal(client, seed, "gpt-4o")
    assert body["code"] == "tier_required"
    assert remedies(body, "buy") == [
        "Buy the flower tier for €7.00 for 30 days",
        "Buy the flower tier for $20.00 a month",
        "Buy the nectar tier for $900.00 a year",
    ]
    assert body["remedies"][0]["kind"] == "apply"


def test_a_gated_model_is_offered_and_a_download_only_by_what_includes_it(client: Client, seed: Minted) -> None:
    gated = AIModel.objects.filter(gated=True).first()
    assert gated is not None
    sales.product(model=gated.name, permissions=["generate"])
    sales.product(model=gated.name, permissions=["download"], amount=9900)
    body = refusal(client, seed, gated.name, endpoint="/v1/images/generations")
    assert body["message"] == f"No tier opens {gated.name}. Ask for access, or buy it for $5.00."
    assert len(remedies(body, "buy")) == 2
    body = refusal(client, seed, gated.name, endpoint="/v1/images/generations", permission="download")
    assert remedies(body, "buy") == [f"Buy {gated.name} for $99.00"]


def test_what_ended_can_be_bought_again(client: Client, seed: Minted) -> None:
    sales.product(model="gpt-4o")
    now = timezone.now()
    Grant.objects.create(
        workspace=seed.token.workspace,
        model=AIModel.objects.get(name="gpt-4o"),
        source="manual",
        source_id="k",
        starts_at=now - 9 * DAY,
        ends_at=now - DAY,
    )
    body = refusal(client, seed, "gpt-4o")
    assert body["code"] == "grant_expired"
    assert "buy what opens it for $5.00" in body["message"]
    assert remedies(body, "buy") == ["Buy gpt-4o for $5.00"]


def test_what_somebody_can_sell_from_now_on_is_offered_at_once(client: Client, seed: Minted, settings: Any) -> None:
    version = sales.product(model="gpt-4o", shop="").versions.get()
    assert remedies(refusal(client, seed, "gpt-4o"), "buy") == []
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    price = ProviderPrice.objects.create(version=version, provider="stripe", price_id="price_1")
    assert remedies(refusal(client, seed, "gpt-4o"), "buy") == ["Buy gpt-4o for $5.00"]
    price.delete()
    assert remedies(refusal(client, seed, "gpt-4o"), "buy") == []


def test_the_sandbox_sells_all(client: Client, seed: Minted, settings: Any) -> None:
    settings.DEMO = True
    sales.product(model="gpt-4o", shop="")
    assert remedies(refusal(client, seed, "gpt-4o"), "buy") == ["Buy gpt-4o for $5.00"]


@pytest.mark.parametrize(
    "values",
    [
        {"shop": ""},
        {"sale_from": timezone.now() + DAY},
        {"sale_from": timezone.now() - 2 * DAY, "sale_until": timezone.now() - DAY},
        {"kind": "early_access", "window_until": timezone.now() - DAY},
    ],
    ids=["by nobody", "not yet", "no more", "for a window that is over"],
)
def test_what_cannot_be_bought_is_not_offered(client: Client, seed: Minted, values: dict[str, Any]) -> None:
    sales.product(model="gpt-4o", **values)
    assert remedies(refusal(client, seed, "gpt-4o"), "buy") == []


@pytest.mark.parametrize(
    ("state", "label"), [("pending", "See how the payment stands"), ("created", "Finish the payment")]
)
def test_an_order_under_way_is_waited_for(client: Client, seed: Minted, state: str, label: str) -> None:
    order = sales.order(seed.token.workspace, sales.product(model="gpt-4o"), state)
    reply = client.decide(token=seed.text, model="gpt-4o")
    assert (reply.json["code"], reply.headers["retry-after"]) == ("payment_pending", "5")
    assert [remedy["kind"] for remedy in reply.json["remedies"]] == ["wait", "pay"]
    assert remedies(reply.json, "pay") == [label]
    assert reply.json["remedies"][1]["href"].endswith(f"/orders/{order.public_id}/")
    for style, status in (("", 402), ("nginx-accel", 402), ("nginx", 403)):
        reply = client.forward(headers={"X-Api-Key": seed.text}, json_body={"model": "gpt-4o"}, style=style)
        assert (reply.status, reply.headers["retry-after"]) == (status, "5")
        assert "x-should-retry" not in reply.headers
        assert reply.error["code"] == "payment_pending"


@pytest.mark.parametrize(("state", "hours"), [("created", 24), ("pending", 14 * 24)])
def test_an_order_that_nobody_finished_is_forgotten(client: Client, seed: Minted, state: str, hours: int) -> None:
    product = sales.product(model="gpt-4o")
    since = timezone.now() - timedelta(hours=hours)
    made = sales.order(seed.token.workspace, product, state, since)
    assert refusal(client, seed, "gpt-4o")["code"] == "tier_required"
    Order.objects.filter(pk=made.pk).update(unsettled_since=since + timedelta(minutes=5))
    assert refusal(client, seed, "gpt-4o")["code"] == "payment_pending"


def test_an_order_that_is_settled_or_another_workspaces_is_not_waited_for(client: Client, seed: Minted) -> None:
    product = sales.product(model="gpt-4o")
    sales.order(factories.person().personal_workspace, product)
    failed = sales.order(seed.token.workspace, product)
    Order.objects.filter(pk=failed.pk).update(state="failed", unsettled_since=None)
    sales.order(seed.token.workspace, sales.product(calls=1000))
    assert refusal(client, seed, "gpt-4o")["code"] == "tier_required"


def test_visitors_learn_of_no_order_but_what_everybody_can_buy(client: Client, seed: Minted) -> None:
    application, gated = seed.token.application, AIModel.objects.filter(gated=True).first()
    assert gated is not None
    add_domain(application=application, host="example.com", by=application.created_by)
    browser = factories.token(application, kind="publishable")
    workspace, product = application.workspace, sales.product(model="gpt-4o")
    order = sales.order(workspace, product)
    Grant.objects.create(
        workspace=workspace, model=gated, source="order", source_id="ord0er0id", disputed_at=timezone.now()
    )
    codes = []
    for model, endpoint in (("gpt-4o", CHAT), (gated.name, "/v1/images/generations")):
        reply = client.decide(token=browser.text, model=model, endpoint=endpoint, origin="https://example.com")
        codes.append(reply.json["code"])
        for secret in (order.public_id, workspace.public_id, "ord0er0id"):
            assert secret not in reply.body.decode()
    assert codes == ["payment_pending", "grant_suspended"]
    Order.objects.update(unsettled_since=None, state="failed")
    body = client.decide(token=browser.text, model="gpt-4o", origin="https://example.com").json
    assert remedies(body, "buy") == ["Buy gpt-4o for $5.00"]


def test_a_dispute_is_told_as_one(client: Client, seed: Minted) -> None:
    Grant.objects.create(
        workspace=seed.token.workspace,
        model=AIModel.objects.get(name="gpt-4o"),
        source="order",
        source_id="ord0er0id",
        disputed_at=timezone.now(),
    )
    body = refusal(client, seed, "gpt-4o")
    assert body["code"] == "grant_suspended"
    assert "while its payment is disputed" in body["message"]
    assert body["remedies"][0]["href"].endswith("/orders/ord0er0id/")
