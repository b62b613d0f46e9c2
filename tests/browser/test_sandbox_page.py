"""The sandbox's checkout before a real browser: paying there, coming back, and giving it back."""

import re

import pytest
from playwright.sync_api import expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import Open, faults
from tests.factories import catalogue
from tests.fixtures.sandbox import Buyer, buyer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def at_checkout(transactional_db: None, live_server: LiveServer, settings: Settings) -> Buyer:
    settings.SITE_URL = live_server.url
    catalogue()
    return buyer()


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)])
def test_nothing_is_wrong_with_the_page_before_and_after_paying(
    browse: Open, at_checkout: Buyer, phone: bool, dark: bool
) -> None:
    page = browse(at_checkout.path, by=at_checkout.person, phone=phone, dark=dark)
    assert faults(page) == []
    at_checkout.does("pay", delivery="twice")
    page.reload()
    expect(page.get_by_text("order.paid")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Give back").fill("900")
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_role("alert")).to_contain_text("at most what was paid")
    assert faults(page) == []


def test_paying_there_opens_it_here_without_script_too(browse: Open, at_checkout: Buyer) -> None:
    page = browse(at_checkout.path, by=at_checkout.person, script=False)
    page.get_by_role("button", name="Pay now").click()
    expect(page).to_have_url(re.compile(rf"/orders/{at_checkout.order.public_id}/"))
    assert at_checkout.now().state == "paid"
    page.goto(at_checkout.path)
    page.get_by_label("Trellis is told").select_option("never")
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_text("never: Trellis has to ask")).to_be_visible()
    assert at_checkout.now().state == "paid"
    assert at_checkout.asked().state == "refunded"
