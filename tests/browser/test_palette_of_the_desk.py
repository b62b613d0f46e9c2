"""The palette offers what the keys of the open access request do, and does the same."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from accounts.models import PlatformRole, User
from tests import factories
from tests.browser.conftest import Open, faults_light_and_dark
from tests.tokens.review.conftest import ask
from tokens.actions.reviews import approve_request
from tokens.models import ReviewTerms

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OF_THE_DESK = ["Next E", "Claim M", "Assign… I", "Snooze… S", "Approve… A", "Ask… C", "Reject… R", "Note N"]


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, asked=ask("First"), other=ask("Second"))


def opened(browse: Open, desk: SimpleNamespace, by: User | None = None, *, phone: bool = False) -> Page:
    page = browse(f"/review/{desk.asked.public_id}/", by=by or desk.maintainer, phone=phone)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette input")).to_be_focused()
    return page


def here(page: Page) -> list[str]:
    return page.locator("[id^=palette-here-]").all_inner_texts()


def choose(page: Page, words: str) -> None:
    page.locator("#palette input").fill(words)
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text(words)
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_hidden()


@pytest.mark.parametrize("phone", [False, True])
def test_it_offers_what_the_page_can_do_now(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    page = opened(browse, desk, phone=phone)
    assert [" ".join(words.split()) for words in here(page)] == OF_THE_DESK
    assert faults_light_and_dark(page) == []


def test_to_whom_all_else_is_refused_it_offers_the_next_alone(browse: Open, desk: SimpleNamespace) -> None:
    page = opened(browse, desk, by=factories.auditor())
    assert [" ".join(words.split()) for words in here(page)] == ["Next E"]


def test_choosing_one_does_what_its_key_does(browse: Open, desk: SimpleNamespace) -> None:
    page = opened(browse, desk)
    choose(page, "Approve…")
    expect(page.locator(".decide [data-key=a]")).to_be_checked()
    expect(page.locator(".decide [data-key=a]")).to_be_focused()
    page.keyboard.press("Control+k")
    choose(page, "Reject…")
    expect(page.locator(".decide [data-key=r]")).to_be_checked()
    page.keyboard.type("no, not yet")
    expect(page.locator(".decide [name=note]")).to_have_value("no, not yet")
    page.keyboard.press("Control+k")
    choose(page, "Snooze…")
    expect(page.locator(".drawer[open] summary")).to_contain_text("Snooze…")
    page.keyboard.press("Control+k")
    choose(page, "Claim")
    expect(page.get_by_role("button", name="Claim")).to_be_focused()
    desk.asked.refresh_from_db()
    assert (desk.asked.state, desk.asked.claimed_by) == ("submitted", None)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Release")).to_be_visible()
    page.keyboard.press("Control+k")
    choose(page, "Next")
    expect(page.locator("#d-h")).to_have_text("Second")


def test_without_single_keys_it_works_and_shows_none(browse: Open, desk: SimpleNamespace) -> None:
    User.objects.filter(pk=desk.maintainer.pk).update(single_keys=False)
    page = opened(browse, desk)
    expect(page.locator("#palette kbd:visible")).to_have_count(0)
    choose(page, "Ask…")
    expect(page.locator(".decide [name=note]")).to_be_focused()


def test_it_speaks_chinese(browse: Open, desk: SimpleNamespace) -> None:
    User.objects.filter(pk=desk.maintainer.pk).update(locale="zh-hans")
    page = opened(browse, desk)
    choose(page, "拒绝…")
    expect(page.locator(".decide [data-key=r]")).to_be_checked()


@pytest.mark.parametrize("phone", [False, True])
def test_whoever_gave_the_first_approval_is_not_led_to_a_second(
    browse: Open, desk: SimpleNamespace, phone: bool
) -> None:
    ReviewTerms.objects.create(tier=desk.asked.tier, approvals=2)
    approve_request(access_request=desk.asked, version=desk.asked.version, by=desk.maintainer)
    page = opened(browse, desk, phone=phone)
    offered = [words.split()[0] for words in here(page)]
    assert "Approve…" not in offered
    assert {"Ask…", "Reject…"} < set(offered)
    page.keyboard.press("Escape")
    page.locator("#d-h").focus()
    page.keyboard.press("a")
    expect(page.locator("#d-h")).to_be_focused()
    expect(page.locator(".decide [name=decision]:checked")).to_have_count(0)
    expect(page.locator(".decide").get_by_text("somebody else has to give the second")).to_be_visible()
    assert faults_light_and_dark(page) == []
    page.keyboard.press("r")
    expect(page.locator(".decide [name=note]")).to_be_focused()


def test_undoing_is_offered_as_long_as_it_can_be_done(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.asked.public_id}/?decision=approved", by=desk.maintainer)
    page.get_by_role("button", name="Decide and open next").click()
    page.wait_for_url("**#d-h")
    expect(page.locator("#d-h")).to_have_text("Second")
    page.keyboard.press("Control+k")
    choose(page, "Undo")
    expect(page.locator("form.undo button")).to_be_focused()
