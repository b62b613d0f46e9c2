"""What is gathered appears on the page of an access request by itself, and takes nothing from whoever types there."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults
from tests.tokens.review.conftest import ask
from tokens.actions.requests import add_message
from tokens.evidence import gathering

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, first=ask("First"), second=ask("Second"))


def test_what_is_found_appears_beside_a_draft(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.first.public_id}/", by=desk.maintainer)
    expect(page.locator("#signals-state")).to_contain_text("Being gathered")
    page.locator("[name=note]").fill("My long and careful words")
    page.locator("[name=note]").focus()
    gathering.gather(desk.first.pk)
    expect(page.locator("#signals dt", has_text="Account")).to_be_visible()
    expect(page.locator("#signals-state")).to_contain_text("Checked")
    expect(page.locator("[name=note]")).to_be_focused()
    expect(page.locator("[name=note]")).to_have_value("My long and careful words")
    assert faults(page) == []


def test_a_link_among_the_signals_keeps_the_focus(browse: Open, desk: SimpleNamespace) -> None:
    gathering.gather(desk.first.pk)
    gathering.gather(desk.second.pk)
    page = browse(f"/review/{desk.second.public_id}/", by=desk.maintainer)
    link = page.locator("#signals a.link").first
    link.focus()
    before = page.locator("#signals").get_attribute("data-mark") or ""
    with page.expect_response(lambda response: "/review/live/" in response.url and response.status == 200):
        gathering.gather(desk.second.pk)
    expect(link).to_be_focused()
    page.locator("[name=note]").focus()
    expect(page.locator("#signals")).not_to_have_attribute("data-mark", before)


def test_one_that_takes_too_long_says_what_to_do(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.first.public_id}/", by=desk.maintainer)
    expect(page.locator("#signals-state")).to_contain_text("Being gathered")
    page.locator("#signals").evaluate("signals => { signals.dataset.patience = 1; }")
    expect(page.locator("#signals-state")).to_contain_text("decide without them, or check again")
    gathering.gather(desk.first.pk)
    expect(page.locator("#signals-state")).to_contain_text("Checked")


def test_checking_again_too_soon_says_when(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.first.public_id}/", by=desk.maintainer)
    page.get_by_role("button", name="Check again").click()
    page.wait_for_url("**#signals-h")
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("alert")).to_contain_text("was checked a moment ago")
    assert [fault for fault in faults(page) if "429" not in fault] == []


def test_a_word_of_the_applicant_is_said_beside_the_draft(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.first.public_id}/", by=desk.maintainer)
    expect(page.locator("#d-h")).to_have_text("First")
    page.locator("[name=note]").fill("Not yet sent")
    add_message(access_request=desk.first, text="One more thing", by=desk.first.applicant)
    expect(page.locator("#standing")).to_contain_text("Noor wrote about it.")
    expect(page.locator("[name=note]")).to_have_value("Not yet sent")
