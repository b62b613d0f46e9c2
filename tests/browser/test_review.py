"""The review desk in a real browser: emptied from the keyboard, on a phone, and without script."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults, faults_light_and_dark
from tests.tokens.review.conftest import ask
from tokens.actions.requests import add_message
from tokens.actions.reviews import approve_request, ask_for_changes
from tokens.models import AccessRequest, CannedReply

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    texts = {"text_en": "Please prove the domain first.", "outcome": "changes"}
    CannedReply.objects.get_or_create(label_en="Prove the domain", defaults=texts)
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, first=ask("First"), second=ask("Second"), third=ask("古籍校对"))


def opened(page: Page, name: str) -> None:
    expect(page.locator("#d-h")).to_have_text(name)
    expect(page.locator("a.row[aria-current] strong")).to_have_text(name)


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_the_desk(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    asked = desk.first
    ask_for_changes(access_request=asked, version=asked.version, text="Who runs it?", by=desk.maintainer)
    add_message(access_request=asked, text="The school", by=asked.applicant)
    done = desk.second
    approve_request(access_request=done, version=done.version, by=desk.maintainer, note="Fine")
    page = browse("/review/", by=desk.maintainer, phone=phone)
    for path in ("", f"{desk.third.public_id}/?decision=approved", f"{asked.public_id}/", f"{done.public_id}/"):
        page.goto(f"/review/{path}")
        assert faults_light_and_dark(page) == [], path


SLOWLY = """
    window.IntersectionObserver = class extends IntersectionObserver {
        constructor(seen, options) { super((...parts) => setTimeout(() => seen(...parts), 500), options); }
    };
"""


def test_who_is_quicker_than_the_page_gets_what_they_chose(browse: Open, desk: SimpleNamespace) -> None:
    """And not what the list begins with, which comes by itself once the page is seen."""
    page = browse("/review/", by=desk.maintainer)
    page.add_init_script(SLOWLY)
    page.route(f"**/review/{desk.second.public_id}/**", lambda _route: None)
    page.goto("/review/")
    # One row at once, whose answer never comes, and the next one later, as by keys.
    page.evaluate("""() => {
        const rows = document.querySelectorAll("#list a.row");
        rows[1].click();
        setTimeout(() => rows[2].click(), 1000);
    }""")
    opened(page, "古籍校对")


def chosen(page: Page, decision: str) -> None:
    expect(page.locator("[name=decision]:checked")).to_have_value(decision)


def test_the_queue_is_emptied_from_the_keyboard(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/", by=desk.maintainer)
    opened(page, "First")
    page.keyboard.press("j")
    opened(page, "Second")
    page.wait_for_url(f"**/review/{desk.second.public_id}/**")
    page.keyboard.press("k")
    opened(page, "First")
    expect(page.locator(f"#row-{desk.first.public_id}")).to_be_focused()
    page.keyboard.press("a")
    chosen(page, "approved")
    page.keyboard.press("n")
    expect(page.locator("textarea:focus")).to_be_visible()
    page.keyboard.type("Welcome")
    page.keyboard.press("Control+Enter")
    opened(page, "Second")
    page.keyboard.press("r")
    chosen(page, "rejected")
    expect(page.locator("textarea:focus")).to_be_visible()
    page.keyboard.type("A reader is enough, j and k are only letters here")
    page.keyboard.press("Control+Enter")
    opened(page, "古籍校对")
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Claim")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Claimed by you")).to_be_visible()
    page.keyboard.press("c")
    page.get_by_role("button", name="Prove the domain").click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Every access request has been answered.")).to_be_visible()
    states = dict(AccessRequest.objects.values_list("application__name", "state"))
    assert states == {"First": "approved", "Second": "rejected", "古籍校对": "changes_requested"}
    assert page.complaints == []  # type: ignore[attr-defined]


def test_the_panes_scroll_and_never_the_page_around_them(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/", by=desk.maintainer)
    opened(page, "First")
    page.set_viewport_size({"width": 1440, "height": 420})
    assert page.evaluate("document.querySelector('.pane.detail').scrollHeight > innerHeight")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    page.locator("a.row", has_text="Second").click()
    opened(page, "Second")
    assert page.evaluate("scrollY") == 0


def test_the_way_back_after_moving_is_each_request_again(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/", by=desk.maintainer)
    page.locator("a.row", has_text="Second").click()
    opened(page, "Second")
    page.go_back()
    opened(page, "First")


def test_all_of_it_works_without_script(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/", by=desk.maintainer, script=False)
    page.locator("a.row", has_text="Second").click()
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("Claimed by you")).to_be_visible()
    page.locator(".seg label", has_text="Approve").click()
    page.locator(".decide").get_by_label("Tier").select_option("seed")
    page.get_by_role("button", name="Decide and open next").click()
    expect(page.get_by_role("status").filter(has_text="Second approved")).to_be_visible()
    desk.second.refresh_from_db()
    assert (desk.second.state, desk.second.granted_tier.slug) == ("approved", "seed")


@pytest.mark.parametrize("script", [True, False])
def test_on_a_phone_the_bar_leads_to_the_form(browse: Open, desk: SimpleNamespace, script: bool) -> None:
    page = browse("/review/", by=desk.maintainer, phone=True, script=script)
    expect(page.locator("#d-h")).to_be_hidden()
    page.locator("a.row", has_text="First").click()
    expect(page.locator("#d-h")).to_be_visible()
    expect(page.locator("#q-h")).to_be_hidden()
    page.get_by_role("link", name="Reject…").click()
    expect(page.locator(".bar")).to_be_hidden()
    page.get_by_role("button", name="Decide and open next").click()
    expect(page.get_by_text("Say why, or what is missing.").first).to_be_in_viewport()
    page.locator("[name=note]").fill("Not for now")
    page.get_by_role("button", name="Decide and open next").click()
    expect(page.locator("#d-h")).to_have_text("Second")
    desk.first.refresh_from_db()
    assert desk.first.state == "rejected"


def test_who_was_slower_sees_who_was_first_and_keeps_their_words(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.first.public_id}/?decision=rejected", by=desk.maintainer)
    page.locator("[name=note]").fill("My long and careful words")
    petra = factories.person("Petra", PlatformRole.MAINTAINER)
    approve_request(access_request=desk.first, version=desk.first.version, by=petra)
    page.get_by_role("button", name="Decide and open next").click()
    expect(page.get_by_role("alert").filter(has_text="Petra approved this access request")).to_be_focused()
    expect(page.get_by_label("What you typed")).to_have_value("My long and careful words")
    assert faults(page) == []
