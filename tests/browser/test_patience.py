"""A key waits until the page stands, however long the page takes: a test that presses one is not a race."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BUSY = """() => {
    document.querySelector("[name=login]").focus();
    document.body.classList.add("htmx-request");
    const told = () => { document.title = document.body.className || "it stood" };
    document.addEventListener("keydown", told, {once: true});
    setTimeout(() => document.body.classList.remove("htmx-request"), 300);
}"""


def test_a_key_waits_for_a_page_that_does_not_stand_yet(browse: Open) -> None:
    page = browse("/accounts/login/")
    page.evaluate(BUSY)
    page.keyboard.press("a")
    expect(page.locator("[name=login]")).to_have_value("a")
    expect(page).to_have_title("it stood")
