"""The frame of every page, in a real browser: by mouse, by keyboard alone, on a phone, and without script.

The page under it is the one for an unknown address, which nothing but the frame can break."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests import factories
from tests.browser.conftest import Open, faults, faults_light_and_dark

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOWHERE = "/no/such/page/"


@pytest.fixture
def noor(transactional_db: None) -> User:
    return factories.person("Noor")


def theme_of(page: Page) -> str | None:
    return page.locator("html").get_attribute("data-theme")


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_the_frame(browse: Open, noor: User, phone: bool) -> None:
    assert faults_light_and_dark(browse(NOWHERE, by=noor, phone=phone)) == []


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_the_gate(browse: Open, transactional_db: None, phone: bool) -> None:
    assert faults(browse("/accounts/login/", phone=phone)) == []


def test_the_theme_changes_at_once_and_stays(browse: Open, noor: User) -> None:
    page = browse(NOWHERE, by=noor)
    page.locator("#nav [data-theme-toggle] button").click()
    assert theme_of(page) == "dark"
    page.reload()
    assert theme_of(page) == "dark"


def test_the_theme_the_menu_and_signing_out_need_no_script(browse: Open, noor: User) -> None:
    page = browse(NOWHERE, by=noor, script=False)
    page.locator("#nav form[action='/theme/'] button").click()
    page.goto(NOWHERE)
    assert theme_of(page) == "dark"
    expect(page.locator(".search")).to_be_hidden()
    page.get_by_role("button", name="Noor").last.click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(NOWHERE)
    expect(page.locator("#nav").get_by_role("link", name="Sign in")).to_be_visible()


def test_the_palette_works_from_the_keyboard_alone(browse: Open, noor: User) -> None:
    page = browse(NOWHERE, by=noor)
    page.keyboard.press("Control+k")
    search = page.get_by_role("combobox", name="Search or jump to")
    expect(search).to_be_focused()
    search.fill("nothing is called so")
    expect(page.get_by_text("Nothing by that name")).to_be_visible()
    search.fill("LIGHT AND")
    expect(page.get_by_role("option", selected=True)).to_have_text("Switch between light and dark")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_hidden()
    assert theme_of(page) == "dark"


def test_single_keys_do_nothing_while_typing_nor_when_switched_off(browse: Open, noor: User) -> None:
    page = browse(NOWHERE, by=noor)
    page.keyboard.press("Control+k")
    search = page.get_by_role("combobox", name="Search or jump to")
    expect(search).to_be_focused()
    page.keyboard.type("?")
    expect(search).to_have_value("?")
    expect(page.locator("#keyboard")).to_be_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("?")  # At once: a field of a closed dialog still has the focus until the next frame.
    expect(page.locator("#keyboard")).to_be_visible()
    expect(page.locator("#palette")).to_be_hidden()
    User.objects.filter(pk=noor.pk).update(single_keys=False)
    page.goto(NOWHERE)
    page.keyboard.press("?")
    expect(page.locator("#keyboard")).to_be_hidden()


def test_a_phone_has_the_menu_behind_a_button(browse: Open, noor: User) -> None:
    page = browse(NOWHERE, by=noor, phone=True)
    expect(page.locator("#nav")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#nav")).to_be_visible()
    page.get_by_role("button", name="Noor").last.click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#nav")).to_be_hidden()


def test_the_first_tab_leads_past_the_navigation(browse: Open, noor: User) -> None:
    page = browse(NOWHERE, by=noor)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the start")).to_be_focused()


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_to_press_is_smaller_than_24_pixels(browse: Open, noor: User, phone: bool) -> None:
    page = browse(NOWHERE, by=noor, phone=phone)
    if phone:
        page.get_by_role("button", name="Menu").click()
    sizes = page.locator("a:visible, button:visible").evaluate_all(
        "found => found.map(e => [e.textContent.trim() || e.ariaLabel, e.getBoundingClientRect()])"
    )
    assert len(sizes) > 5
    assert [name for name, box in sizes if min(box["width"], box["height"]) < 24] == []


def test_the_language_is_named_in_the_language_it_leads_to(browse: Open, noor: User) -> None:
    page = browse(NOWHERE, by=noor)
    page.get_by_role("button", name="中文").click()
    page.goto(NOWHERE)
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    page.get_by_role("button", name="English").click()
