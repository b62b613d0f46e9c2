"""What is done to a token opens in a dialog; nothing is wrong with it, nor with the page that shows a secret."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests import factories
from tests.browser.conftest import Open, faults
from tests.browser.test_developer import sign_in
from tokens.models import Token

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def token(transactional_db: None) -> Token:
    factories.catalogue()
    return factories.token(factories.application(factories.person("Noor"), "Lantern")).token


@pytest.mark.parametrize("phone", [False, True])
def test_rotating_says_until_when_the_old_secret_works(browse: Open, token: Token, phone: bool) -> None:
    page = sign_in(browse, token.created_by, phone=phone, dark=phone)
    page.goto(f"/tokens/{token.public_id}/")
    page.get_by_role("link", name="Rotate…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img")).to_have_count(1)
    day = dialog.get_by_role("img").get_attribute("aria-label")
    dialog.get_by_text("at once").click()
    expect(dialog.get_by_role("img", name="The old secret stops now")).to_be_visible()
    dialog.get_by_text("in 7 days").click()
    expect(dialog.get_by_role("img")).not_to_have_attribute("aria-label", "The old secret stops now")
    expect(dialog.get_by_role("img")).not_to_have_attribute("aria-label", str(day))
    assert faults(page) == []
    dialog.get_by_role("button", name="Rotate").click()
    expect(page.get_by_text("The old secret works until")).to_be_visible()
    assert faults(page) == []
    page.goto(f"/tokens/{token.public_id}/")
    expect(page.get_by_text("A rotation is open")).to_be_visible()
    expect(page.get_by_role("link", name="Rotate…")).to_have_count(0)
    expect(page.locator("#secret")).to_have_count(0)


def test_revoking_needs_no_password_though_rotating_does(browse: Open, token: Token) -> None:
    page = browse(f"/tokens/{token.public_id}/rotate/", by=token.created_by)
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto(f"/tokens/{token.public_id}/")
    page.get_by_role("link", name="Revoke…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("dialog").get_by_label("Reason").fill("Seen on a screenshot")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Seen on a screenshot").first).to_be_visible()


def test_a_form_in_a_dialog_goes_on_after_the_password(browse: Open, token: Token) -> None:
    page = browse("/tokens/", by=token.created_by)
    page.keyboard.press("c")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.type("nightly")
    page.keyboard.press("Control+Enter")
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#secret")).to_contain_text("trl_sk_")
    assert Token.objects.filter(name="nightly").count() == 1


def test_who_reviews_finds_their_own_applications_under_their_name(browse: Open, transactional_db: None) -> None:
    mika: User = factories.maintainer()
    page = browse("/review/", by=mika)
    page.get_by_role("button", name="Mika").click()
    page.get_by_role("link", name="Your applications").click()
    expect(page.get_by_role("heading", name="Applications & tokens", level=1)).to_be_visible()
