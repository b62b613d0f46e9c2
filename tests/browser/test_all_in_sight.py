"""What one has to see before deciding is in sight, and nothing lies over what one types."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open
from tests.tokens.review.conftest import ask
from tests.tokens.rules.conftest import a_rule, make_desk, waiting
from tokens.models import Application, ReviewTerms

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "W" * 60


def place(part: Locator) -> dict[str, float]:
    box = part.bounding_box()
    assert box is not None
    return dict(box)


def columns_beyond_sight(page: Page) -> int:
    """By how much the table is wider than what shows of it."""
    page.wait_for_load_state("load")
    return int(page.locator("main .scroll").first.evaluate("pane => pane.scrollWidth - pane.clientWidth"))


def at_the_desk(browse: Open, path: str = "/review/", single_keys: bool = True) -> Page:
    maintainer = factories.person("Mika", PlatformRole.MAINTAINER)
    factories.person("Petra", PlatformRole.MAINTAINER)
    maintainer.single_keys = single_keys
    maintainer.save()
    return browse(path, by=maintainer)


def test_a_preview_of_many_shows_its_last_column(browse: Open) -> None:
    factories.catalogue()
    asked = [ask("Plain"), ask(LONG, "nectar")]
    ReviewTerms.objects.create(tier=asked[1].tier, approvals=2)
    page = at_the_desk(browse, "/review/bulk/?" + "&".join(f"id={one.public_id}" for one in asked))
    expect(page.get_by_text("First of two: takes no effect yet")).to_be_in_viewport()
    assert columns_beyond_sight(page) == 0


def test_a_preview_of_a_rule_shows_what_became_of_a_long_name(browse: Open) -> None:
    desk = make_desk()
    Application.objects.filter(pk=waiting().application_id).update(name=LONG)
    version = a_rule(by=desk.ada, on=False)
    page = browse(f"/review/rules/{version.rule.public_id}/versions/1/", by=desk.ada)
    expect(page.get_by_role("link", name=LONG)).to_be_visible()
    assert columns_beyond_sight(page) == 0


def test_names_are_offered_below_what_is_typed(browse: Open) -> None:
    factories.catalogue()
    page = at_the_desk(browse, f"/review/{ask().public_id}/")
    page.locator(".audience label", has_text="Reviewers only").click()
    field = page.locator("textarea[name=text]")
    field.focus()
    page.keyboard.type("Look, @Pet")
    expect(page.locator(".names [role=option]")).to_have_count(1)
    expect(page.locator(".names")).to_be_in_viewport(ratio=1)
    typed = place(field)
    assert place(page.locator(".names"))["y"] >= typed["y"] + typed["height"] - 1
    said = page.locator(".remark button .for-reviewers")
    assert place(said)["height"] < 1.6 * place(said.locator(".icon"))["height"], "on one line"


def test_an_empty_desk_fills_its_pane(browse: Open) -> None:
    factories.catalogue()
    page = at_the_desk(browse, "/review/?tier=nectar")
    expect(page.locator("#detail")).to_have_text(re.compile(r"^\s*Nothing to decide\s*$"))
    assert place(page.locator("#detail .detail"))["height"] > 800


def test_no_key_is_named_to_whoever_switched_them_off(browse: Open) -> None:
    factories.catalogue()
    page = at_the_desk(browse, f"/review/{ask().public_id}/", single_keys=False)
    expect(page.locator(".decide button kbd[data-mod]")).to_be_visible()
    for key in page.locator(".hints, .pane kbd:not([data-mod])").all():
        expect(key).to_be_hidden()


def test_escape_closes_the_filters(browse: Open) -> None:
    factories.catalogue()
    ask()
    page = at_the_desk(browse)
    filters = page.locator(".queue-tools details.tool").first
    filters.locator("summary").click()
    expect(filters).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(filters).not_to_have_attribute("open", "")
    expect(filters.locator("summary")).to_be_focused()
