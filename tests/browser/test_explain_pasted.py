"""What is pasted in place of the fields, in a real browser: with script and without, wide and on a phone."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests import factories
from tests.browser.conftest import Open, faults
from tokens.actions.tokens import Minted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
COMMAND = (
    """curl https://api.example.com/v1/completions -H "Authorization: Bearer {}" -d '{{"model": "gpt-4o-mini"}}'{}"""
)


@pytest.fixture
def minted(transactional_db: None) -> Minted:
    factories.catalogue()
    return factories.token(factories.application(factories.person("Noor"), "Lantern"))


@pytest.fixture
def noor(minted: Minted) -> User:
    return minted.token.created_by


def paste(page: Page, text: str) -> None:
    """The fold is open already after an error."""
    field = page.get_by_label("Request id or curl command")
    if not field.is_visible():
        page.get_by_text("Paste a request id or a whole curl command instead").click()
    field.fill(text)
    page.get_by_role("button", name="Read it").click()


@pytest.mark.parametrize(("script", "phone"), [(True, False), (True, True), (False, True)])
def test_a_command_is_read_and_what_is_wrong_with_it_said(
    browse: Open, noor: User, minted: Minted, script: bool, phone: bool
) -> None:
    page = browse("/explain/", by=noor, phone=phone, dark=phone, script=script)
    paste(page, COMMAND.format(minted.text, " --next"))
    field = page.get_by_label("Request id or curl command")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value(COMMAND.format("…", " --next"))
    if script:
        expect(page.get_by_role("alert")).to_be_focused()
        assert faults(page) == []
    paste(page, COMMAND.format(minted.text, ""))
    expect(page.locator(".verdict code")).to_have_text("wrong_endpoint")
    expect(page.locator("[name=endpoint]")).to_have_value("/v1/completions")
    expect(page.locator("[name=token]")).to_have_value(f"Lantern / production …{minted.text[-4:]}")
    expect(field).to_be_hidden()
    assert minted.text[:-4] not in page.content()
    if script:
        assert faults(page) == []
