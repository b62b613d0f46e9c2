"""Nothing is wrong with the review desk in any of its states, light or dark, wide or on a phone."""

import re
from datetime import timedelta
from itertools import cycle
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from accounts import clock
from accounts.models import PlatformRole, User
from tests import factories
from tests.browser.conftest import Open, faults_light_and_dark
from tests.tokens.review.conftest import ask
from tokens.actions.bulk import MOST
from tokens.actions.handling import claim_request, snooze_request
from tokens.actions.reviews import approve_request, ask_for_changes
from tokens.evidence.again import check_again
from tokens.evidence.gathering import gather
from tokens.models import AccessRequest, ReviewTerms, Signal, SignalState

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("unhurried"),
    pytest.mark.parametrize("phone", [False, True]),
]
TABS = ("pending", "waiting", "snoozed", "decided")
DRAFT = "My long and careful words"


@pytest.fixture
def desk(transactional_db: None) -> SimpleNamespace:
    factories.catalogue()
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=maintainer, petra=factories.person("Petra", PlatformRole.MAINTAINER))


def test_with_nothing_in_any_tab(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    page = browse("/review/", by=desk.maintainer, phone=phone)
    for tab in TABS:
        page.goto(f"/review/?tab={tab}")
        expect(page.locator("#rows").get_by_text("Nothing here")).to_be_visible()
        assert faults_light_and_dark(page) == [], tab
    page.goto("/review/?tier=flower")
    expect(page.get_by_text("Nothing matches these filters.")).to_be_visible()
    assert faults_light_and_dark(page) == []
    page.goto("/review/?tier=orchid&age=banana&kind=tier")
    expect(page.get_by_text("“banana” was not understood")).to_be_visible()
    assert faults_light_and_dark(page) == [], "not understood"
    page.get_by_role("link", name="Show the list without them").click()
    page.wait_for_url("**/review/?tab=pending&kind=tier")
    expect(page.locator(".misread")).to_have_count(0)


def test_with_something_in_every_tab(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    ask("Pending")
    of_each(desk.petra)
    page = browse("/review/", by=desk.maintainer, phone=phone)
    for tab in TABS:
        page.goto(f"/review/?tab={tab}")
        expect(page.locator("#list a.row strong")).to_have_text([tab.capitalize()])
        assert faults_light_and_dark(page) == [], tab
        page.locator("#list a.row").click()
        page.wait_for_url(f"**/review/*/?tab={tab}")
        expect(page.locator("#d-h")).to_have_text(tab.capitalize())
        assert faults_light_and_dark(page) == [], f"{tab}, opened"


def of_each(by: User) -> None:
    """One in each of the other tabs."""
    waiting, snoozed, decided = ask("Waiting"), ask("Snoozed"), ask("Decided")
    ask_for_changes(access_request=waiting, version=waiting.version, text="Who runs it?", by=by)
    snooze_request(access_request=snoozed, version=snoozed.version, until=None, by=by)
    approve_request(access_request=decided, version=decided.version, by=by)


def test_with_signals_of_every_state(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    asked = ask()
    page = browse(f"/review/{asked.public_id}/", by=desk.maintainer, phone=phone)
    progress = page.locator("#signals-state")
    expect(progress).to_contain_text("Being gathered")
    assert faults_light_and_dark(page) == [], "being gathered"
    gather(asked.pk)
    of_every_state(asked)
    page.reload()
    for state in SignalState:
        expect(page.locator("#signals dd", has_text=f"{state.label}:").first).to_be_visible()
    expect(page.get_by_text("the address is not known").first).to_be_visible()
    assert faults_light_and_dark(page) == [], "gathered"
    check_again(asked, desk.petra)
    page.reload()
    expect(progress).to_contain_text("Being checked again")
    assert faults_light_and_dark(page) == [], "again"


def of_every_state(asked: AccessRequest) -> None:
    """What was found, as if it had been found so. What could not be checked here already stays as it is."""
    found = Signal.objects.filter(access_request=asked).exclude(state=SignalState.UNKNOWN).order_by("kind")
    for signal, state in zip(found, cycle(SignalState), strict=False):
        signal.state = state
        signal.facts = {"why": "not_known"} if state is SignalState.UNKNOWN else signal.facts
        signal.save()


def test_deciding_many_at_once(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    plain, late, high, done = ask("Plain"), ask("Late"), ask("High", "nectar"), ask("Done")
    ReviewTerms.objects.create(tier=high.tier, approvals=2)
    approve_request(access_request=done, version=done.version, by=desk.petra)
    ids = "&".join(f"id={asked.public_id}" for asked in (plain, late, high, done))
    page = browse(f"/review/bulk/?{ids}", by=desk.maintainer, phone=phone)
    expect(page.get_by_text("Not decided:")).to_have_count(1)
    page.locator(".seg label", has_text="Reject").click()
    page.get_by_role("button", name="Decide all").click()
    expect(page.get_by_text("Say why, or what is missing.").first).to_be_visible()
    assert faults_light_and_dark(page) == [], "refused"
    approve_request(access_request=late, version=late.version, by=desk.petra)
    page.locator(".seg label", has_text="Approve").click()
    page.get_by_role("button", name="Decide all").click()
    expect(page.get_by_role("heading", name="2 of 3 decided")).to_be_visible()
    told = [r"^\s*Approved\s*$", "First of two approvals", r"Not decided\s+Petra approved this access request"]
    expect(page.locator("tbody tr")).to_have_count(len(told))
    for result in told:
        expect(page.locator("tbody td").filter(has_text=re.compile(result))).to_have_count(1)
    assert faults_light_and_dark(page) == [], "results"


def test_deciding_none_or_too_many(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    asked = ask()
    page = browse("/review/bulk/", by=desk.maintainer, phone=phone)
    expect(page.get_by_text("Nothing selected")).to_be_visible()
    assert faults_light_and_dark(page) == [], "none"
    page.goto(f"/review/bulk/?ids={asked.public_id}," + ",".join(f"{number:012d}" for number in range(MOST)))
    expect(page.get_by_text(f"At most {MOST} can be decided at once")).to_be_visible()
    assert faults_light_and_dark(page) == [], "too many"


def test_when_somebody_else_was_first(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    changed, decided = ask("Changed"), ask("Decided")
    page = drafted(browse(typed_at(changed), by=desk.maintainer, phone=phone))
    claim_request(access_request=changed, by=desk.petra)
    refused(page)
    expect(page.locator(".decide [name=note]")).to_have_value(DRAFT)
    assert faults_light_and_dark(page) == [], "claimed meanwhile"
    page.goto(typed_at(decided))
    approve_request(access_request=decided, version=decided.version, by=desk.petra)
    refused(drafted(page))
    expect(page.get_by_label("What you typed")).to_have_value(DRAFT)
    assert faults_light_and_dark(page) == [], "decided meanwhile"


def typed_at(asked: AccessRequest) -> str:
    return f"/review/{asked.public_id}/?decision=rejected"


def drafted(page: Page) -> Page:
    page.locator(".decide [name=note]").fill(DRAFT)
    return page


def refused(page: Page) -> None:
    """The decision is sent, and comes too late."""
    with page.expect_response("**/decide/**") as answer:
        page.get_by_role("button", name="Decide and open next").click()
    assert answer.value.status == 409
    expect(page.locator("#problem")).to_contain_text("Petra")


def test_a_row_of_two_tiers_and_one_approval_is_whole(browse: Open, desk: SimpleNamespace, phone: bool) -> None:
    asked = ask("High", "nectar")
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    approve_request(access_request=asked, version=asked.version, by=desk.petra)
    AccessRequest.objects.update(due_at=clock.now() - timedelta(days=1, hours=20, minutes=30))
    page = browse("/review/", by=desk.maintainer, phone=phone)
    line = page.locator("#list .row-meta")
    expect(line).to_contain_text("1 of 2")
    expect(line).to_contain_text("1 d 20 h over")
    assert line.evaluate("line => line.scrollWidth <= line.clientWidth")
