"""A queue of more than one page: walked without script, put off, and moving while somebody reads it."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open
from tests.factories import varied
from tests.tokens.review.conftest import ask
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest
from tokens.selectors.review import SIZE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ALL = SIZE + 3
DRAFT = "My long and careful words"
TOPS = """() => ["#queue", "article.detail", "aside.decide"].map(pane => document.querySelector(pane).scrollTop)"""


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    petra = factories.person("Petra", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, petra=petra, asked=varied.asked(ALL))


def rows(desk: SimpleNamespace, page: Page, start: int, end: int) -> None:
    """The page lists these of them, and no other."""
    listed = page.locator("#list a.row")
    expect(listed).to_have_count(end - start)
    assert listed.evaluate_all("rows => rows.map(row => row.id)") == [
        f"row-{asked.public_id}" for asked in desk.asked[start:end]
    ]


@pytest.mark.parametrize("phone", [False, True])
def test_pages_are_turned_without_script(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    page = browse("/review/", by=desk.maintainer, phone=phone, script=False)
    rows(desk, page, 0, SIZE)
    page.get_by_role("link", name="Further").click()
    rows(desk, page, SIZE, ALL)
    expect(page.get_by_role("link", name="Further")).to_have_count(0)
    page.locator("#list a.row").nth(1).click()
    expect(page.locator("#detail")).to_have_attribute("data-id", desk.asked[SIZE + 1].public_id)
    if phone:
        page.get_by_role("link", name="Queue", exact=True).click()
    rows(desk, page, SIZE, ALL)
    page.get_by_role("link", name="Back", exact=True).click()
    rows(desk, page, 0, SIZE)


@pytest.mark.parametrize("phone", [False, True])
def test_one_is_put_off_and_had_back_without_script(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    first, second = desk.asked[:2]
    page = browse(f"/review/{first.public_id}/", by=desk.maintainer, phone=phone, script=False)
    page.locator("summary", has_text="Snooze…").click()
    page.get_by_role("button", name="Put off and open next").click()
    expect(page.get_by_text("Choose until when.").first).to_be_visible()
    page.locator(".drawer[open] .pills label", has_text="Tomorrow morning").click()
    page.get_by_role("button", name="Put off and open next").click()
    expect(page.locator("#detail")).to_have_attribute("data-id", second.public_id)
    page.goto("/review/?tab=snoozed")
    page.locator(f"#row-{first.public_id}").click()
    page.get_by_role("button", name="Have it back now").click()
    expect(page.locator("summary", has_text="Snooze…")).to_be_visible()
    assert AccessRequest.objects.get(pk=first.pk).snoozed_at is None
    page.goto("/review/")
    rows(desk, page, 0, SIZE)


def test_what_arrives_above_moves_neither_the_list_nor_who_types(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/?sort=last", by=desk.maintainer)
    page.set_viewport_size({"width": 1440, "height": 420})
    read, gone = desk.asked[-20], desk.asked[-10]
    page.locator(f"#row-{read.public_id}").click()
    expect(page.locator("#detail")).to_have_attribute("data-id", read.public_id)
    note = page.locator(".decide [name=note]")
    note.fill(DRAFT)
    note.evaluate("note => note.setSelectionRange(3, 7)")
    page.locator("article.detail").evaluate("pane => { pane.scrollTop = 40; }")
    _, detail, decide = page.evaluate(TOPS)
    before = in_its_place(page, read)
    fresh = ask("Newer than all")
    approve_request(access_request=gone, version=gone.version, by=desk.petra)
    expect(page.locator("#list a.row").first).to_have_attribute("id", f"row-{fresh.public_id}")
    expect(page.locator(f"#row-{gone.public_id}")).to_have_count(0)
    assert in_its_place(page, read) == pytest.approx(before, abs=1)
    assert page.evaluate(TOPS)[1:] == [detail, decide]
    expect(note).to_be_focused()
    expect(note).to_have_value(DRAFT)
    assert note.evaluate("note => [note.selectionStart, note.selectionEnd]") == [3, 7]
    assert page.complaints == []  # type: ignore[attr-defined]


def test_what_arrives_above_moves_nothing_on_a_phone(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/?sort=last", by=desk.maintainer, phone=True)
    read = page.locator(f"#row-{desk.asked[-20].public_id}")
    read.scroll_into_view_if_needed()
    read.focus()
    before = in_its_place(page, desk.asked[-20])
    fresh = ask("Newer than all")
    expect(page.locator("#list a.row").first).to_have_attribute("id", f"row-{fresh.public_id}")
    expect(read).to_be_focused()
    assert in_its_place(page, desk.asked[-20]) == pytest.approx(before, abs=1)


def in_its_place(page: Page, asked: AccessRequest) -> float:
    """How far from the top of the window its row is, which somebody sees."""
    row = page.locator(f"#row-{asked.public_id}")
    expect(row).to_be_in_viewport()
    top: float = row.evaluate("row => row.getBoundingClientRect().top")
    return top
