"""Every component once, before a real browser: right to the eye's stand-in, and alive under script and without."""

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from accounts.models import User
from tests import factories
from tests.browser import components
from tests.browser.conftest import Open, faults, faults_light_and_dark

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _with_the_page(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.browser.components"


@pytest.fixture
def noor(transactional_db: None) -> User:
    return factories.person("Noor")


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_any_component(browse: Open, noor: User, phone: bool) -> None:
    page = browse("/components/", by=noor, phone=phone)
    assert faults_light_and_dark(page) == []
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("7 things to put right")).to_be_visible()
    assert faults_light_and_dark(page) == []


def test_what_is_wrong_is_found(browse: Open, noor: User) -> None:
    page = browse("/components/", by=noor, phone=True)
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input id=bare><img src=/x.png>')")
    page.evaluate("document.querySelector('h1').style.width = '999px'; console.error('broken')")
    found = " ".join(faults(page))
    assert all(words in found for words in ('label: <input id="bare">', "image-alt: <img", "broken", "sideways")), found


def test_what_is_wrong_in_the_dark_alone_is_found(browse: Open, noor: User) -> None:
    page = browse("/components/", by=noor)
    page.evaluate("document.querySelector('h1').style.color = 'light-dark(#000, #222)'")
    assert [fault[:20] for fault in faults_light_and_dark(page)] == ["dark: color-contrast"]


def test_a_refused_form_says_what_is_wrong_first_and_leads_there(browse: Open, noor: User) -> None:
    page = browse("/components/", by=noor)
    page.get_by_label("Source code").fill("kept")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Source code")).to_have_value("kept")
    page.get_by_role("alert").get_by_role("link", name="Tier").click()
    expect(page.get_by_role("radio", name="seed")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="seed")).to_be_checked()


def test_a_dialog_opens_by_link_by_key_and_by_button(browse: Open, noor: User) -> None:
    page = browse("/components/", by=noor)
    sheet = page.get_by_role("dialog", name="Rotate “production”")
    page.get_by_role("link", name="Rotate…").click()
    expect(sheet.get_by_role("button", name="Close")).to_be_focused()
    sheet.get_by_role("button", name="Cancel").click()
    expect(sheet).to_be_hidden()
    page.keyboard.press("o")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("dialog", name="New token")).to_be_visible()


def test_without_script_the_link_leads_to_the_page_of_the_same_form(browse: Open, noor: User) -> None:
    page = browse("/components/", by=noor, script=False)
    page.get_by_role("link", name="Rotate…").first.click()
    page.wait_for_url("**/components/rotate/")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_role("button", name="Actions for production").click()
    expect(page.get_by_role("button", name="Revoke…")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_dialog_whose_form_was_refused_comes_open(browse: Open, noor: User, script: bool) -> None:
    page = browse("/components/?opened", by=noor, script=script)
    sheet = page.get_by_role("dialog", name="New token")
    expect(sheet).to_be_visible()
    assert sheet.evaluate("dialog => dialog.matches(':modal')") is script
    sheet.get_by_role("button", name="Close").click()
    expect(sheet).to_be_hidden()


def test_what_is_copied_in_a_dialog_is_said_there(browse: Open, noor: User) -> None:
    page = browse("/components/", by=noor)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="New", exact=True).click()
    sheet = page.get_by_role("dialog", name="New token")
    sheet.get_by_role("button", name="Copy").click()
    expect(sheet.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "trl_pk_1"


def test_a_canned_reason_is_text_to_edit_and_the_draft_is_saved(browse: Open, noor: User) -> None:
    components.SAVED.clear()
    page = browse("/components/", by=noor)
    note = page.get_by_label("What does it do, and for whom?")
    note.fill("First.")
    with page.expect_response(lambda answer: "Prove the domain" in (answer.request.post_data or "")):
        page.get_by_role("button", name="Prove the domain").click()
    expect(note).to_have_value("First.\nProve the domain")
    expect(note).to_be_focused()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    assert components.SAVED[-1].split() == ["First.", "Prove", "the", "domain"]


def test_a_refusal_of_a_fragment_is_said_in_its_own_words(browse: Open, noor: User) -> None:
    page = browse("/components/", by=noor)
    page.get_by_role("button", name="Claim").click()
    expect(page.locator("#toasts")).to_have_text("Ines Duarte decided a moment ago.")


def test_a_form_is_sent_from_the_keyboard(browse: Open, noor: User) -> None:
    page = browse("/components/", by=noor)
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_be_visible()
