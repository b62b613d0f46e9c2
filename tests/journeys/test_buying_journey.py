"""The whole story of a purchase: refused, bought by the remedy, allowed in the next call, given back, refused.

One real browser, the shipped nginx, the official client, and the sandbox's messages over real HTTP."""

import re
from collections.abc import Iterator
from datetime import timedelta

import openai
import pytest
from django.db.models import F
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests import factories
from tests.browser.conftest import WIDE
from tests.factories import shop
from tests.fixtures.browsers import patient_page
from tests.journeys.conftest import Edge
from tiers.models import Order, SandboxDelivery, SandboxMessage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.server,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]
MODEL = "flux-pro"
# Longer than the slowest machine needs to see it pending; then the test lets the time pass.
SETTLES_AFTER = 300


@pytest.fixture
def buyer(site: Edge) -> User:
    """Noor, whose application stands on seed, while the model that she wants is in early access."""
    shop.early_access(MODEL)
    return factories.person("Noor")


@pytest.fixture
def page(chromium: Browser, site: Edge, buyer: User) -> Iterator[Page]:
    context = chromium.new_context(base_url=site.trellis, viewport=WIDE, reduced_motion="reduce")
    page = patient_page(context)
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(buyer.email)
    page.locator("[name=password]").fill(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.trellis}/")
    yield page
    context.close()


def call(client: openai.OpenAI) -> None:
    client.images.generate(model=MODEL, prompt="A garden")


def refusal(client: openai.OpenAI) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as refused:
        call(client)
    return refused.value


def pay(page: Page, href: str) -> None:
    """From a remedy's link through the checkout and the provider's page, and back."""
    page.goto(href)
    expect(page.get_by_text("€9.00").first).to_be_visible()
    page.get_by_role("button", name="Pay €9.00").click()
    page.get_by_role("button", name="Pay now").click()
    page.wait_for_url(re.compile(r"/orders/\w{12}/$"))


def test_bought_it_works_in_the_next_call_and_given_back_it_does_not(site: Edge, buyer: User, page: Page) -> None:
    client = site.client(factories.token(factories.application(buyer, "Lantern")).text)
    refused = refusal(client)
    assert (refused.status_code, refused.code) == (402, "early_access")
    remedy = next(remedy for remedy in refused.body["remedies"] if remedy["kind"] == "buy")
    assert "€9.00" in remedy["label"]

    pay(page, remedy["href"])
    call(client)
    expect(page.locator("#order-now").get_by_text("It works already, on every gateway")).to_be_visible()
    order = Order.objects.get()
    grant = order.grants.get()
    expect(page.get_by_text(f"grant {grant.public_id} made")).to_be_visible()
    assert SandboxDelivery.objects.filter(http_status=200).exists()

    page.get_by_role("link", name="Open it in the sandbox").click()
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_text("order.refunded")).to_be_visible()
    again = refusal(client)
    assert (again.status_code, again.code) == (402, "early_access")
    page.goto(f"/orders/{order.public_id}/")
    expect(page.locator("#order-now").get_by_text("All of the money was given back")).to_be_visible()
    page.goto(f"/orders/{order.public_id}/receipt/")
    expect(page.get_by_text("€0.00")).to_be_visible()

    pay(page, remedy["href"])
    call(client)
    assert Order.objects.count() == 2


def test_what_settles_later_is_pending_and_then_works_without_a_reload(site: Edge, buyer: User, page: Page) -> None:
    client = site.client(factories.token(factories.application(buyer, "Lantern")).text)
    page.goto("/orders/new/?product=flux-pro-early")
    page.get_by_role("button", name="Pay €9.00").click()
    page.get_by_label("Money settles after (seconds)").fill(str(SETTLES_AFTER))
    page.get_by_role("button", name="Pay, and settle later").click()
    page.wait_for_url(re.compile(r"/orders/\w{12}/$"))
    pending = refusal(client)
    assert (pending.status_code, pending.code) == (402, "payment_pending")
    SandboxMessage.objects.update(at=F("at") - timedelta(seconds=SETTLES_AFTER))
    expect(page.locator("#order-now").get_by_text("It works already, on every gateway")).to_be_visible()
    call(client)
