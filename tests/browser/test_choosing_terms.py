"""Approving with less than was asked for, in a real browser: what it changes is seen before it is sent."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults
from tests.tokens.review.conftest import ask
from tiers.models import Grant
from tokens.actions.handling import claim_request

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, asked=ask("First", tier="nectar"))


def choose(page: Page, tier: str) -> None:
    page.locator(".decide [name=tier]").select_option(tier)


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)])
def test_what_is_chosen_is_previewed_and_given(browse: Open, desk: SimpleNamespace, dark: bool, phone: bool) -> None:
    page = browse(f"/review/{desk.asked.public_id}/?decision=approved", by=desk.maintainer, dark=dark, phone=phone)
    boxes, changes = page.locator(".some-models"), page.locator("#changes")
    expect(boxes).to_be_hidden()
    expect(changes).to_contain_text("What changes if you approve as asked")
    choose(page, "none")
    expect(changes).to_contain_text("Choose at least one model, or a tier.")
    chosen = page.locator("[name=models]").first
    name = chosen.get_attribute("value") or ""
    chosen.check()
    expect(changes).to_contain_text("What changes if you approve like this")
    expect(changes).to_contain_text("+ 1")
    expect(changes).to_contain_text(name)
    assert faults(page) == []
    # With the asked tier come all of its models, so one that is ticked stays in sight.
    choose(page, "nectar")
    expect(changes).to_contain_text("nectar opens all of its models.")
    expect(boxes).to_be_visible()
    choose(page, "none")
    page.get_by_label("Note").fill("This one for a start")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("First approved")).to_be_visible()
    grant = Grant.objects.get(source="request")
    assert grant.model is not None
    assert (grant.model.name, grant.reason) == (name, "This one for a start")
    page.goto(page.url.split("/review/")[0] + f"/review/{desk.asked.public_id}/")
    expect(page.locator(".decide")).to_contain_text("Models granted")
    assert faults(page) == []


def test_the_key_that_sends_means_the_form_that_shows_it(browse: Open, desk: SimpleNamespace) -> None:
    """Not a drawer that is shut, which would take the request from whoever has it."""
    other = factories.person("Petra", PlatformRole.MAINTAINER)
    claim_request(access_request=desk.asked, by=other)
    page = browse(f"/review/{desk.asked.public_id}/?decision=approved", by=desk.maintainer)
    page.locator("#d-h").focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("First approved")).to_be_visible()
    desk.asked.refresh_from_db()
    assert (desk.asked.state, desk.asked.claimed_by) == ("approved", other)


def test_in_a_page_without_such_a_form_the_key_sends_nothing(browse: Open, desk: SimpleNamespace) -> None:
    asked = claim_request(access_request=desk.asked, by=factories.person("Petra", PlatformRole.MAINTAINER))
    page = browse(f"/review/{asked.public_id}/", by=factories.auditor())
    before = page.url
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    assert page.url == before
    asked.refresh_from_db()
    assert asked.claimed_by is not None


@pytest.mark.parametrize(("key", "words"), [("c", "just a look: who runs it?"), ("r", "no, and k is a letter here")])
def test_a_key_that_needs_words_leads_to_where_they_are_written(
    browse: Open, desk: SimpleNamespace, key: str, words: str
) -> None:
    page = browse(f"/review/{desk.asked.public_id}/", by=desk.maintainer)
    page.locator("#d-h").focus()
    page.keyboard.press(key)
    page.keyboard.type(words)
    expect(page.locator(".decide [name=note]")).to_have_value(words)
    expect(page.locator(f".decide [data-key={key}]")).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator(".decide [data-key=a]")).to_be_focused()
    expect(page.locator(".decide [name=note]")).to_have_value(words)


def test_on_a_phone_the_bar_leads_there_too(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.asked.public_id}/", by=desk.maintainer, phone=True)
    page.locator(".bar a", has_text="Reject…").click()
    page.keyboard.type("no, and k is a letter here")
    expect(page.locator(".decide [name=note]")).to_have_value("no, and k is a letter here")
    expect(page.locator(".decide [data-key=r]")).to_be_checked()
