"""A secret that is shown once is in no storage of the browser afterwards: htmx would keep the pages it leaves."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests import factories
from tests.browser.conftest import Open
from tests.browser.test_developer import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A link as any part of any page may have one.
ONWARD = """() => {
    const link = document.createElement("a");
    link.id = "onward";
    link.href = "/applications/";
    link.textContent = "On";
    for (const [name, value] of Object.entries({"hx-boost": "true", "hx-target": "main", "hx-select": "main"}))
        link.setAttribute(name, value);
    document.querySelector("main").prepend(link);
    window.htmx.process(link);
}"""
STORED = "() => JSON.stringify([{...localStorage}, {...sessionStorage}])"


@pytest.fixture
def noor(transactional_db: None) -> User:
    factories.catalogue()
    noor = factories.person("Noor")
    factories.application(noor, "Lantern")
    return noor


def made(page: Page) -> str:
    """A new token's secret, as its page shows it, once."""
    page.get_by_label("Name").fill("production")
    page.get_by_role("button", name="Create token").click()
    shown = page.locator("#secret")
    expect(shown).to_contain_text("trl_sk_")
    return shown.inner_text().strip()


def test_a_secret_comes_into_no_storage_of_the_browser(browse: Open, noor: User) -> None:
    page = sign_in(browse, noor)
    page.goto("/tokens/new/")
    secret = made(page)
    page.evaluate(ONWARD)
    page.locator("#onward").click()
    page.wait_for_url("**/applications/")
    expect(page.get_by_role("heading", name="Applications", level=1)).to_be_visible()
    assert secret not in page.evaluate(STORED)
    assert "trl_sk_" not in page.evaluate(STORED)
    page.go_back()
    expect(page.locator("#onward")).to_have_count(0)
    assert secret not in page.content()
    assert "trl_sk_" not in page.evaluate(STORED)
