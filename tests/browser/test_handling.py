"""Sharing the work at the review desk, in a real browser."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from accounts.clock import now
from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults
from tests.tokens.review.conftest import ask
from tokens.actions.handling import assign_request, claim_request, snooze_request
from tokens.actions.requests import add_message
from tokens.models import Mention, RequestMessage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTILE = "<img src=x onerror=alert(1)> 請看 שלום עולם " + "W" * 200


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    petra = factories.person("Petra 王芳 שרה " + "x" * 60, PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, petra=petra, asked=ask("First"), other=ask("Second"))


def address(desk: SimpleNamespace) -> str:
    return f"/review/{desk.asked.public_id}/"


def drawer(page: Page, name: str) -> None:
    page.locator("summary", has_text=name).click()
    expect(page.locator(".drawer[open]")).to_have_count(1)


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)])
def test_nothing_is_wrong_with_any_drawer(browse: Open, desk: SimpleNamespace, dark: bool, phone: bool) -> None:
    asked = claim_request(access_request=desk.asked, by=desk.petra)
    asked = assign_request(access_request=asked, to=desk.petra, group=None, by=desk.maintainer)
    add_message(access_request=asked, text=HOSTILE, by=desk.petra, internal=True)
    add_message(access_request=asked, text=HOSTILE, by=asked.applicant)
    page = browse(address(desk), by=desk.maintainer, dark=dark, phone=phone)
    for name in ("Take over…", "Assign…", "Snooze…"):
        drawer(page, name)
        assert faults(page) == [], name
    for choice in ("Reviewers only", "The applicant"):
        page.locator(".audience label", has_text=choice).click()
        assert faults(page) == [], choice
    snooze_request(access_request=asked, version=asked.version, until=None, by=desk.petra)
    page.reload()
    expect(page.get_by_text("put it off until the applicant answers").first).to_be_visible()
    assert faults(page) == []


def test_all_by_keyboard(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(address(desk), by=desk.maintainer)
    expect(page.locator("#d-h")).to_have_text("First")
    page.keyboard.press("i")
    expect(page.get_by_label("Whose it is to decide")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("summary", has_text="Assign…")).to_be_focused()
    page.keyboard.press("s")
    expect(page.get_by_label("Tomorrow morning")).to_be_focused()
    # Which mornings are offered between them depends on the day.
    for _step in range(2):
        if not page.get_by_label("In a week").is_checked():
            page.keyboard.press("ArrowDown")
    expect(page.get_by_label("In a week")).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#d-h")).to_have_text("Second")
    desk.asked.refresh_from_db()
    assert desk.asked.snoozed_until is not None
    assert timedelta(days=6) < desk.asked.snoozed_until - now() < timedelta(days=8)


def test_escape_leaves_the_field_and_keeps_what_is_typed(browse: Open, desk: SimpleNamespace) -> None:
    """Else single keys would go on being written into it."""
    page = browse(address(desk), by=desk.maintainer)
    expect(page.locator("#d-h")).to_have_text("First")
    page.keyboard.press("n")
    note = page.locator(".decide textarea[data-key=n]")
    expect(note).to_be_focused()
    page.keyboard.type("A draft")
    page.keyboard.press("Escape")
    expect(page.locator("#d-h")).to_be_focused()
    page.keyboard.press("/")
    search = page.locator("main input[type=search]")
    expect(search).to_be_focused()
    page.keyboard.type("lantern")
    page.keyboard.press("Escape")
    expect(page.locator("#list a.row[aria-current]")).to_be_focused()
    expect(search).to_have_value("lantern")
    expect(note).to_have_value("A draft")
    page.keyboard.press("?")
    expect(page.locator("#keyboard")).to_contain_text("Leave the field, then close")


def test_a_name_after_an_at_is_offered_and_mentioned(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(address(desk), by=desk.maintainer)
    page.locator(".audience label", has_text="Reviewers only").click()
    field = page.locator("textarea[name=text]")
    field.focus()
    page.keyboard.type("Look, @pet")
    expect(page.locator(".names [role=option]")).to_have_count(1)
    assert faults(page) == []
    page.keyboard.press("Enter")
    expect(field).to_have_value(f"Look, @{desk.petra.name} ")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline .internal")).to_be_visible()
    assert Mention.objects.get().person == desk.petra


@pytest.mark.parametrize("script", [True, False])
def test_who_is_slower_keeps_what_they_chose(browse: Open, desk: SimpleNamespace, script: bool) -> None:
    page = browse(address(desk), by=desk.maintainer, script=script)
    drawer(page, "Assign…")
    page.get_by_label("Whose it is to decide").select_option(label="Mika Maier")
    assign_request(access_request=desk.asked, to=desk.petra, group=None, by=desk.petra)
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("changed whose this access request is on")).to_be_visible()
    expect(page.get_by_label("Whose it is to decide")).to_have_value(desk.maintainer.public_id)
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("Assigned to Mika Maier.")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_nobody_writes_to_the_wrong_one(browse: Open, desk: SimpleNamespace, script: bool) -> None:
    page = browse(address(desk), by=desk.maintainer, script=script)
    page.locator("textarea[name=text]").fill("Is this a reseller?")
    page.get_by_role("button", name="Choose who reads it").click()
    expect(page.locator("#to-errors")).to_have_text("Choose who reads it: reviewers, or the applicant.")
    expect(page.locator("textarea[name=text]")).to_have_value("Is this a reseller?")
    page.locator(".audience label", has_text="Reviewers only").click()
    page.get_by_role("button", name="Note for reviewers").click()
    expect(page.get_by_text("applicant does not see it")).to_be_visible()
    assert RequestMessage.objects.get().internal
