"""Whatever people write, in any field that a reviewer reads: it stays text, in its own order, within the page."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from accounts.models import PlatformRole, User, Workspace
from tests import factories
from tests.browser.conftest import Open, faults
from tests.tokens.review.conftest import ask
from tokens.actions.handling import assign_request, claim_request, snooze_request
from tokens.actions.requests import add_message
from tokens.actions.reviews import reject_request
from tokens.models import AccessRequest, Application, CannedReply, ReviewGroup

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARKUP = "<img id=planted src=x onerror=alert(1)>"
HIDDEN = "\u202egnp\u2066\x07"
EMOJI = "👩🏽\u200d🚀🏳️\u200d🌈" * 8
TEXT = f"مساعد القراءة للمدارس 123 (אבג)\n{MARKUP}</p></textarea>{{{{ 7*7 }}}} {'W' * 300} {EMOJI} {'古籍校对' * 40}"
NAME = f"مها <b id=planted> 王芳 {EMOJI[:8]}"
# What is wider than the pane in which it stands: the page itself may fit while words are cut off.
PARTS = ".pane, #queue, #detail, main, section, header, .callout, .field, .pills"
WIDER = """parts => [...document.querySelectorAll(parts)]
    .filter((part) => part.clientWidth && part.scrollWidth > part.clientWidth + 1)
    .map((part) => part.className + " " + part.id)"""


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    """Every text of one access request as bad as its column lets it be, however it came there."""
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    petra = factories.person("Petra", PlatformRole.MAINTAINER)
    asked = ask("First")
    add_message(access_request=asked, text=TEXT, by=asked.applicant)
    add_message(access_request=asked, text=TEXT, by=maintainer)
    group = ReviewGroup.objects.create(name=f"{NAME[:20]}{'W' * 38}")
    asked = claim_request(access_request=asked, by=petra)
    asked = assign_request(access_request=asked, to=petra, group=group, by=maintainer)
    asked = snooze_request(access_request=asked, version=asked.version, until=None, by=petra)
    User.objects.filter(pk__in=(asked.applicant_id, petra.pk)).update(name=f"{NAME}{HIDDEN}{'W' * 40}")
    Workspace.objects.filter(pk=asked.workspace_id).update(name=f"{NAME}{'W' * 40}")
    Application.objects.filter(pk=asked.application_id).update(
        name=f"{MARKUP}{'W' * 41}", url=f"https://example.com/{'w' * 200}"
    )
    AccessRequest.objects.filter(pk=asked.pk).update(
        purpose=TEXT, users=TEXT[:300], links=f"https://example.com/{'w' * 300} {TEXT[:300]}"
    )
    CannedReply.objects.create(outcome="changes", label_en=f"{NAME[:20]}{'W' * 40}", text_en=TEXT)
    return SimpleNamespace(maintainer=maintainer, petra=petra, asked=AccessRequest.objects.get(pk=asked.pk))


def check(page: Page) -> None:
    assert page.locator("#planted").count() == 0
    assert not {"\u202e", "\u2066", "\x07"} & set(page.locator("body").inner_text())
    assert page.evaluate(WIDER, PARTS) == []
    assert faults(page) == []


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_gets_out_of_an_open_request(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    page = browse(f"/review/{desk.asked.public_id}/?decision=rejected", by=desk.maintainer, phone=phone)
    expect(page.locator("#d-h")).to_contain_text(MARKUP)
    expect(page.locator(".purpose")).to_contain_text(MARKUP)
    expect(page.locator(".purpose")).to_have_css("direction", "rtl")
    expect(page.locator(".timeline .quote").first).to_contain_text(MARKUP)
    for summary in page.locator(".drawer > summary").all():
        summary.click()
        check(page)
    note = page.locator("[name=note]")
    note.fill(TEXT)
    expect(note).to_have_css("direction", "rtl")
    check(page)
    asked = AccessRequest.objects.get(pk=desk.asked.pk)
    reject_request(access_request=asked, version=asked.version, reason=TEXT, by=desk.petra)
    page.get_by_role("button", name="Decide and open next").click()
    expect(page.get_by_role("alert").filter(has_text="rejected this access request")).to_be_focused()
    expect(page.get_by_label("What you typed")).to_have_value(TEXT)
    check(page)


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_gets_out_of_what_stands_around_it(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    asked = desk.asked
    page = browse("/review/?tab=snoozed", by=desk.maintainer, phone=phone)
    expect(page.locator("#list a.row")).to_have_count(1)
    check(page)
    paths = [f"/review/bulk/?id={asked.public_id}", f"/review/?find={'W' * 300}", f"/review/{asked.public_id}/reopen/"]
    for path in paths[:2]:
        page.goto(path)
        check(page)
    reject_request(access_request=asked, version=asked.version, reason=TEXT, by=desk.petra)
    page.goto(paths[2])
    check(page)
    page = browse(f"/requests/{asked.public_id}/", by=asked.applicant, phone=phone)
    expect(page.get_by_text("The reason:")).to_be_visible()
    check(page)
