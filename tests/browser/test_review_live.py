"""The list keeps itself new, and takes nothing from whoever reads or types."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults, faults_light_and_dark
from tests.tokens.review.conftest import ask
from tokens.actions.handling import claim_request
from tokens.actions.reviews import approve_request

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTILE = "<img src=x onerror=alert(1)>" + "W" * 50
RIGHT_TO_LEFT = "مساعد القراءة للمدارس"


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    petra = factories.person("Petra Okafor", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, petra=petra, first=ask("First"), second=ask("古籍校对"))


def opened(page: Page, name: str) -> None:
    expect(page.locator("#d-h")).to_have_text(name)
    expect(page.locator("a.row[aria-current] strong")).to_have_text(name)


def test_what_comes_in_takes_neither_focus_nor_draft(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/", by=desk.maintainer)
    opened(page, "First")
    page.locator("[name=note]").fill("My long and careful words")
    page.locator("[name=note]").focus()
    ask("Third")
    expect(page.locator("#list a.row strong")).to_have_text(["First", "古籍校对", "Third"])
    expect(page.locator("#arrivals")).to_have_text("1 new")
    expect(page.locator("#tabs a[aria-current] span")).to_have_text("3")
    expect(page.locator("[name=note]")).to_be_focused()
    expect(page.locator("[name=note]")).to_have_value("My long and careful words")
    page.locator("#list a.row", has_text="Third").click()
    opened(page, "Third")
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_decision_of_somebody_else_is_said_beside_the_draft(browse: Open, desk: SimpleNamespace) -> None:
    page = browse(f"/review/{desk.first.public_id}/", by=desk.maintainer)
    opened(page, "First")
    page.locator("[name=note]").fill("Not yet sent")
    approve_request(access_request=desk.first, version=desk.first.version, by=desk.petra)
    expect(page.locator("#standing")).to_contain_text("Petra Okafor approved this access request")
    expect(page.locator("[name=note]")).to_have_value("Not yet sent")
    expect(page.locator(f"#row-{desk.first.public_id}")).to_contain_text("Approved")
    opened(page, "First")
    assert faults(page) == []


def test_a_row_under_the_focus_stays_under_it(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/", by=desk.maintainer)
    opened(page, "First")
    page.keyboard.press("j")
    opened(page, "古籍校对")
    row = page.locator(f"#row-{desk.second.public_id}")
    expect(row).to_be_focused()
    claim_request(access_request=desk.second, by=desk.petra)
    approve_request(access_request=desk.first, version=desk.first.version, by=desk.petra)
    expect(page.locator("#list a.row")).to_have_count(1)
    expect(row).to_contain_text("Claimed by Petra Okafor")
    expect(row).to_be_focused()


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_filters_and_names_of_every_kind(
    browse: Open, desk: SimpleNamespace, phone: bool
) -> None:
    for name in (HOSTILE, RIGHT_TO_LEFT):
        ask(name)
    page = browse("/review/?tier=flower&kind=tier", by=desk.maintainer, phone=phone)
    expect(page.locator("#list a.row")).to_have_count(4)
    page.locator(".views > summary").click()
    assert faults_light_and_dark(page) == []


def test_a_view_is_saved_and_opened(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/?tier=flower", by=desk.maintainer)
    page.locator(".views > summary").click()
    page.get_by_role("link", name="Save this view…").click()
    page.get_by_label("Name").fill("Flowers")
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_text("Saved as “Flowers”.")).to_be_visible()
    page.goto("/review/?tab=decided")
    page.locator(".views > summary").click()
    page.get_by_role("link", name="Flowers").click()
    page.wait_for_url("**/review/?tab=pending&tier=flower")


def test_filters_work_without_script(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/", by=desk.maintainer, script=False)
    page.get_by_label("Find by application, person, domain or purpose").fill("校对")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.locator("#list a.row strong")).to_have_text(["古籍校对"])
