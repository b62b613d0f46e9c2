"""Undoing by the key z, deciding many at once, and the replies, in a real browser."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults, faults_light_and_dark
from tests.tokens.review.conftest import ask
from tests.tokens.rules.conftest import a_rule
from tiers.models import Grant
from tokens.actions.reviews import approve_request, reject_request
from tokens.evidence.gathering import gather
from tokens.models import AccessRequest, CannedReply, ReviewTerms
from tokens.rules.applying import apply

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("unhurried"),
]


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    CannedReply.objects.create(outcome="changes", label_en="Who runs it", text_en="Who runs {application}?")
    return SimpleNamespace(maintainer=maintainer, first=ask("First"), second=ask("Second"))


def state(access_request: AccessRequest) -> str:
    return AccessRequest.objects.get(pk=access_request.pk).state


@pytest.mark.parametrize("script", [True, False])
def test_a_decision_is_undone_by_key_or_by_button(browse: Open, desk: SimpleNamespace, script: bool) -> None:
    path = f"/review/{desk.first.public_id}/?decision=approved"
    page = browse(path, by=desk.maintainer, script=script)
    page.get_by_role("button", name="Decide and open next").click()
    bar = page.locator("form.undo")
    expect(bar).to_contain_text("First approved.")
    expect(page.locator("#d-h")).to_have_text("Second")
    assert state(desk.first) == "approved"
    if script:
        expect(bar.get_by_role("button", name="Undo")).to_be_visible()
        page.keyboard.press("z")
        expect(bar.get_by_role("button", name="Undo")).to_be_focused()
        page.keyboard.press("Enter")
    else:
        bar.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The decision on First is undone")).to_be_visible()
    expect(page.locator("#d-h")).to_have_text("First")
    expect(bar).to_have_count(0)
    assert state(desk.first) == "submitted"
    assert not Grant.objects.filter(source="request", revoked_at=None).exists()


# Whether the line above the name is there to be read: neither out of sight nor under what stays on top.
FIRST_LINE_IS_SEEN = """() => {
    const line = document.querySelector(".detail-head .crumb"), {left, top, bottom} = line.getBoundingClientRect();
    return [top + 4, bottom - 4].every(y => line.contains(document.elementFromPoint(left + 4, y)));
}"""


@pytest.mark.parametrize("width", [1440, 1100, 390])
def test_what_opens_next_is_seen_from_its_first_line(browse: Open, desk: SimpleNamespace, width: int) -> None:
    page = browse(f"/review/{desk.first.public_id}/?decision=approved", by=desk.maintainer)
    page.set_viewport_size({"width": width, "height": 500})
    page.get_by_role("button", name="Decide and open next").click()
    page.wait_for_url("**#d-h")
    expect(page.locator("#d-h")).to_have_text("Second")
    expect(page.locator("#d-h")).to_be_focused()
    page.wait_for_load_state()
    assert page.evaluate(FIRST_LINE_IS_SEEN)


def test_what_a_row_opens_on_a_phone_is_seen_from_its_first_line(browse: Open, desk: SimpleNamespace) -> None:
    page = browse("/review/", by=desk.maintainer, phone=True)
    page.locator("#list a.row", has_text="Second").click()
    page.wait_for_url(f"**/{desk.second.public_id}/**")
    expect(page.locator("#d-h")).to_have_text("Second")
    page.wait_for_function(FIRST_LINE_IS_SEEN)


@pytest.mark.parametrize("script", [True, False])
def test_many_are_decided_and_all_of_it_is_undone(browse: Open, desk: SimpleNamespace, script: bool) -> None:
    page = browse("/review/", by=desk.maintainer, script=script)
    for name in ("First", "Second"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("button", name="Decide selected").click()
    expect(page.get_by_role("heading", name="Decide selected")).to_be_visible()
    assert faults(page) == [] if script else True
    page.locator(".seg label", has_text="Approve").click()
    page.get_by_role("button", name="Decide all").click()
    expect(page.get_by_role("heading", name="2 of 2 decided")).to_be_visible()
    assert faults(page) == [] if script else True
    assert [state(desk.first), state(desk.second)] == ["approved", "approved"]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone, and nobody was mailed: 2.")).to_be_visible()
    assert [state(desk.first), state(desk.second)] == ["submitted", "submitted"]


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_the_pages_of_decisions(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    ReviewTerms.objects.create(tier=desk.first.tier, approvals=2)
    petra = factories.person("Petra", PlatformRole.MAINTAINER)
    done, high = ask("<b>Done</b> שלום"), ask("High")
    approve_request(access_request=high, version=high.version, by=petra)
    reject_request(access_request=done, version=done.version, reason="Not for now", by=desk.maintainer)
    ids = f"id={desk.first.public_id}&id={high.public_id}&id={done.public_id}"
    page = browse("/review/", by=desk.maintainer, phone=phone)
    for path in (
        f"/review/{high.public_id}/",
        f"/review/{done.public_id}/",
        f"/review/{done.public_id}/reopen/",
        f"/review/bulk/?{ids}",
    ):
        page.goto(path)
        assert faults_light_and_dark(page) == [], path
    ada = factories.person("Ada", PlatformRole.ADMINISTRATOR)
    reply = CannedReply.objects.get(label_en="Who runs it")
    page = browse("/review/replies/", by=ada, phone=phone)
    for path in ("/review/replies/", f"/review/replies/{reply.public_id}/"):
        page.goto(path)
        assert faults_light_and_dark(page) == [], path


@pytest.mark.parametrize("script", [True, False])
def test_what_a_rule_approved_is_undone_by_any_reviewer(browse: Open, desk: SimpleNamespace, script: bool) -> None:
    a_rule(by=factories.administrator())
    gather(desk.first.pk)
    apply(desk.first)
    page = browse(f"/review/?tab=decided&find={desk.first.public_id}", by=desk.maintainer, script=script)
    page.locator(f"#row-{desk.first.public_id}").click()
    form = page.locator("#detail form[data-undo]")
    expect(form).to_contain_text("Decided by the rule “approve 100”, version 1")
    if script:
        expect(form).to_have_attribute("data-counting", "")
        assert faults(page) == []
        page.keyboard.press("z")
        expect(form.get_by_role("button", name="Undo")).to_be_focused()
        page.keyboard.press("Enter")
    else:
        form.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The decision on First is undone")).to_be_visible()
    assert state(desk.first) == "submitted"
