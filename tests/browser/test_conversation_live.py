"""What somebody writes about the open request comes to stand in its conversation, and takes nothing from who types."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults
from tests.tokens.review.conftest import ask
from tokens.actions.handling import claim_request
from tokens.actions.requests import add_message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DRAFT = "My long and careful words"
LONG = "One more thing\n" + "<img id=planted src=x> مرحبا 古籍校对 " + "W" * 300 + "\nand the last line"


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    petra = factories.person("Petra Okafor", PlatformRole.MAINTAINER)
    asked = ask("First")
    for number in range(12):
        add_message(access_request=asked, text=f"Earlier {number}", by=asked.applicant)
    return SimpleNamespace(maintainer=maintainer, petra=petra, asked=asked)


def drafted(page: Page) -> Locator:
    """The remark, typed and not sent, with the focus."""
    expect(page.locator("#d-h")).to_have_text("First")
    page.locator(".audience label", has_text="Reviewers only").click()
    field = page.locator("textarea[name=text]")
    field.fill(DRAFT)
    expect(field).to_be_focused()
    return field


def place(page: Page, selector: str) -> float:
    return float(page.locator(selector).evaluate("element => element.getBoundingClientRect().top"))


def looked(page: Page) -> None:
    """The page asked for news, and has taken in what it was answered: the next question follows that."""
    for _ in range(2):
        page.wait_for_event("request", lambda request: "/review/live/" in request.url)


@pytest.mark.parametrize("phone", [False, True])
def test_new_words_come_in_above_a_draft(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    page = browse(f"/review/{desk.asked.public_id}/", by=desk.maintainer, phone=phone)
    field = drafted(page)
    before = place(page, "textarea[name=text]")
    add_message(access_request=desk.asked, text=LONG, by=desk.asked.applicant)
    expect(page.locator(".timeline > li").last).to_contain_text("and the last line")
    expect(page.locator("#standing")).to_contain_text("Noor wrote about it.")
    assert place(page, "textarea[name=text]") == pytest.approx(before, abs=2)
    expect(field).to_be_focused()
    expect(field).to_have_value(DRAFT)
    assert page.locator("#planted").count() == 0
    assert faults(page) == []
    page.get_by_role("link", name="Read it").click()
    expect(page.locator(".timeline > li").last).to_be_focused()
    expect(page.locator("#standing")).to_have_text("")
    expect(field).to_have_value(DRAFT)


def test_what_is_read_below_stays_where_it_is(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.asked.public_id}/", by=desk.maintainer)
    expect(page.locator("#d-h")).to_have_text("First")
    page.locator(".timeline > li").last.scroll_into_view_if_needed()
    before = place(page, ".timeline > li:last-child")
    claim_request(access_request=desk.asked, by=desk.petra)
    expect(page.locator("#standing")).to_contain_text("Petra Okafor claimed this access request")
    expect(page.locator(".timeline > li").last).to_contain_text("Petra Okafor claimed it")
    assert place(page, ".timeline > li:nth-last-child(2)") == pytest.approx(before, abs=2)


def test_what_the_page_has_already_is_not_said_again(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.asked.public_id}/", by=desk.maintainer)
    number = page.locator(".timeline > li").count()
    looked(page)
    expect(page.locator("#standing")).to_have_text("")
    expect(page.locator(".timeline > li")).to_have_count(number)
    add_message(access_request=desk.asked, text="For us", by=desk.petra, internal=True)
    expect(page.locator(".timeline > li")).to_have_count(number + 1)
    expect(page.locator(".timeline > li.internal")).to_contain_text("applicant does not see it")
    looked(page)
    expect(page.locator(".timeline > li")).to_have_count(number + 1)
