"""J and K go faster than answers come: what is marked in the list is what stands beside it."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open
from tests.tokens.review.conftest import ask
from tokens.models import CannedReply

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The next row in the same moment in which one has come, and another before that one's answer is there.
ON = """ids => addEventListener("htmx:afterSwap", () => {
    const go = (id) => document.getElementById(`row-${id}`).click();
    go(ids[0]);
    setTimeout(() => go(ids[1]), 200);
}, { once: true })"""


def hold(page: Page, pattern: re.Pattern[str]) -> list[Route]:
    """Such questions wait for an answer, in the order in which they came."""
    held: list[Route] = []
    page.route(pattern, lambda route: held.append(route))
    return held


def go_on(page: Page, held: list[Route], number: int) -> None:
    """Once there are so many."""
    for _ in range(600):
        if len(held) >= number:
            break
        page.wait_for_timeout(50)
    assert len(held) == number
    for route in held:
        route.continue_()


def test_what_is_marked_stands_beside_the_list(browse: Open) -> None:
    factories.catalogue()
    first, _, third = ask("First"), ask("古籍校对"), ask("Third")
    page = browse("/review/", by=factories.person("Mika", PlatformRole.MAINTAINER))
    expect(page.locator("#d-h")).to_have_text("First")
    page.evaluate(ON, [third.public_id, first.public_id])
    held = hold(page, re.compile(f"/review/({first.public_id}|{third.public_id})/"))
    page.keyboard.press("j")
    go_on(page, held, 2)
    expect(page.locator("a.row[aria-current] strong")).to_have_text("First")
    expect(page.locator("#d-h")).to_have_text("First")
    expect(page.locator("#detail")).to_have_attribute("data-id", first.public_id)
    assert page.url.split("/")[4] == first.public_id


def test_what_is_chosen_before_the_first_has_come_stands_there(browse: Open) -> None:
    factories.catalogue()
    ask("First")
    second = ask("古籍校对")
    page = browse("/profile/", by=factories.person("Mika", PlatformRole.MAINTAINER))
    held = hold(page, re.compile("beside=1"))
    page.goto("/review/")
    row = page.locator(f"#row-{second.public_id}")
    page.wait_for_function("() => document.querySelector('#list a.row')")
    row.click()
    expect(page.locator("#d-h")).to_have_text("古籍校对")
    go_on(page, held, 1)
    expect(page.locator("#detail")).to_have_attribute("data-id", second.public_id)
    assert second.public_id in page.url


def test_n_leads_behind_what_stands_in_the_note(browse: Open) -> None:
    factories.catalogue()
    maintainer = factories.person("Mika", PlatformRole.MAINTAINER)
    reply = CannedReply.objects.create(outcome="changes", label_en="More", text_en="Please say more.")
    page = browse(f"/review/{ask().public_id}/?decision=changes&reply={reply.public_id}", by=maintainer)
    note = page.locator("[name=note]")
    expect(note).to_have_value("Please say more.")
    page.keyboard.press("n")
    expect(note).to_be_focused()
    page.keyboard.type(" Thanks")
    expect(note).to_have_value("Please say more. Thanks")
