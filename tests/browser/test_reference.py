"""The page of machine interfaces."""

import json

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import Open, faults_light_and_dark

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_nothing_is_wrong_with_the_page_on_a_visitors_phone(browse: Open, transactional_db: None) -> None:
    assert faults_light_and_dark(browse("/docs/", phone=True)) == []


def test_nothing_is_wrong_with_the_page_among_all_that_an_administrator_has(
    browse: Open, transactional_db: None
) -> None:
    assert faults_light_and_dark(browse("/docs/", by=factories.administrator())) == []


def test_an_example_is_copied_as_it_stands(browse: Open, transactional_db: None) -> None:
    page = browse("/docs/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy POST /v1/decisions").click()
    expect(page.locator("#toasts")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl 'http")
    assert '"model": "gpt-4o-mini"' in copied


def test_what_the_contents_name_is_there(browse: Open, transactional_db: None) -> None:
    page = browse("/docs/")
    links = page.get_by_role("navigation", name="On this page").get_by_role("link")
    targets = [str(link.get_attribute("href")) for link in links.all()]
    missing = page.evaluate(f"{json.dumps(targets)}.filter(target => !document.querySelector(target))")
    assert targets
    assert missing == []
    inner = page.evaluate("[...document.querySelectorAll('main a[href^=\"#\"]')].map(a => a.getAttribute('href'))")
    assert [target for target in inner if page.locator(target).count() != 1] == []
