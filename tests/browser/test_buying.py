"""Buying in a real browser: no page has faults, by keyboard alone, without script, and a page that watches."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests import factories
from tests.browser.conftest import Open, faults
from tests.factories import shop
from tiers.models import Order
from tiers.sandbox import ledger

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
MOST_STEPS = 60
NO_LONGER_WAITS = "It works already, on every gateway"


@pytest.fixture
def noor(transactional_db: None, live_server: LiveServer, settings: Settings) -> User:
    settings.SITE_URL = live_server.url
    factories.catalogue()
    return factories.person("Noor")


def at_checkout(page: Page) -> Order:
    """Through the checkout to the provider's page."""
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="How shall it go?")).to_be_visible()
    return Order.objects.get()


@pytest.mark.parametrize("phone", [True, False])
def test_nothing_is_wrong_with_the_pages_of_an_order(browse: Open, noor: User, phone: bool) -> None:
    offer, workspace = shop.offer(), noor.personal_workspace
    early = shop.early_access(of_model={"free_tries": 3, "goal_amount": 50_000, "goal_currency": "EUR"})
    orders = [
        shop.bought(workspace, early, again=1),
        shop.tell("order.pending", offer, workspace, reference="pending"),
        shop.bought(workspace, shop.offer("nectar", tier="nectar"), reference="disputed"),
    ]
    shop.tell("order.disputed", orders[2].version, workspace, reference="disputed", dispute={"id": "d"})
    paths = [f"/orders/{order.public_id}/" for order in orders]
    paths += [
        f"/orders/{orders[0].public_id}/receipt/",
        "/orders/",
        "/orders/new/",
        "/tiers/",
        "/models/?tab=early",
        "/",
    ]
    paths += [f"/orders/new/?product={slug}" for slug in ("flower-month", "nectar", "flux-pro-early", "none")]
    page = browse("/profile/", by=noor, phone=phone, dark=phone)
    found = {}
    for path in paths:
        page.goto(path)
        if problems := faults(page):
            found[path] = problems
    assert found == {}


def test_bought_and_open_by_keyboard_alone(browse: Open, noor: User) -> None:
    shop.offer()
    page = browse("/orders/new/?product=flower-month", by=noor)
    expect(page.get_by_role("button", name="Pay")).to_be_visible()
    _press_on(page, "Pay")
    expect(page.get_by_role("heading", name="How shall it go?")).to_be_visible()
    _press_on(page, "Pay now")
    expect(page.get_by_text(NO_LONGER_WAITS).first).to_be_visible()
    assert Order.objects.get().holds == "live"


def _press_on(page: Page, name: str) -> None:
    """Tab to the button of that name, and press it."""
    for _turn in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate(
            "document.activeElement.matches('main button') && document.activeElement.innerText.trim()"
        ) and (page.evaluate("document.activeElement.innerText.trim()").startswith(name)):
            break
    else:
        pytest.fail(f"no button {name} is reached by Tab")
    page.keyboard.press("Enter")


def test_bought_without_script(browse: Open, noor: User) -> None:
    shop.offer()
    page = browse("/orders/new/?product=flower-month", by=noor, script=False)
    order = at_checkout(page)
    ledger.take_step(order=order, step=ledger.Step.PAY, wish=ledger.Wish(delivery=ledger.Delivery.LOST))
    page.goto(f"/orders/{order.public_id}/")
    expect(page.get_by_text("Waiting for payment").first).to_be_visible()
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text(NO_LONGER_WAITS).first).to_be_visible()
    expect(page.get_by_role("button", name="Check now")).to_have_count(0)


def test_a_page_that_watches_turns_by_itself_and_keeps_focus_and_place(browse: Open, noor: User) -> None:
    shop.offer()
    page = browse("/orders/new/?product=flower-month", by=noor, phone=True)
    order = at_checkout(page)
    page.goto(f"/orders/{order.public_id}/")
    button = page.get_by_role("button", name="Not paid yet?")
    button.focus()
    page.evaluate("scrollTo(0, 200)")
    with page.expect_response(lambda answer: answer.url.endswith("/check/") and answer.status == 204):
        pass
    expect(button).to_be_focused()
    assert page.evaluate("scrollY") == 200
    ledger.take_step(order=order, step=ledger.Step.PAY, wish=ledger.Wish(delivery=ledger.Delivery.LOST))
    expect(page.locator("#order-now").get_by_text(NO_LONGER_WAITS)).to_be_visible()
    expect(page.locator("#order-said")).to_contain_text(NO_LONGER_WAITS)
    assert page.evaluate("scrollY") == 200
    expect(page.locator("[hx-trigger]")).to_have_count(0)
    assert faults(page) == []


def test_a_slow_provider_is_said_to_be_slow_and_watched(browse: Open, noor: User) -> None:
    shop.offer()
    page = browse("/orders/new/?product=flower-month", by=noor)
    order = at_checkout(page)
    ledger.stay_silent(order=order, seconds=300)
    page.goto(f"/orders/{order.public_id}/returned/")
    expect(page.locator("#order-now").get_by_text("does not answer just now")).to_be_visible()
    expect(page.get_by_text("no need to pay again")).to_be_visible()
    assert faults(page) == []
    ledger.take_step(order=order, step=ledger.Step.PAY, wish=ledger.Wish(delivery=ledger.Delivery.LOST))
    ledger.stay_silent(order=order, seconds=0)
    expect(page.locator("#order-now").get_by_text(NO_LONGER_WAITS)).to_be_visible()
