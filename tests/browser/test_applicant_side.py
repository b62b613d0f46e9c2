"""The applicant's side of a review, and what the reviewer sees of the changes, in a real browser."""

import pytest
from playwright.sync_api import expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults
from tests.tokens.review.conftest import ask
from tokens.actions.requests import edit_request, submit_request
from tokens.actions.reviews import ask_for_changes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTILE = "<img src=x onerror=alert(1)> 請看 שלום עולם " + "W" * 200


@pytest.mark.parametrize("script", [True, False])
def test_what_is_asked_is_changed_and_sent_again(browse: Open, transactional_db: None, script: bool) -> None:
    factories.catalogue()
    maintainer, asked = factories.person("Mika", PlatformRole.MAINTAINER), ask()
    ask_for_changes(access_request=asked, version=asked.version, text="Who pays?", by=maintainer)
    page = browse(f"/requests/{asked.public_id}/?part=asked-h", by=asked.applicant, script=script)
    page.wait_for_url(f"**/requests/{asked.public_id}/#asked-h")
    expect(page.locator(".asked-for .quote")).to_have_text("Who pays?")
    page.get_by_role("link", name="Edit and send again").click()
    page.get_by_label("Who uses it").fill("900 teachers")
    page.get_by_role("button", name="Send to the maintainers").click()
    expect(page.get_by_text("Sent. You will have an e-mail")).to_be_visible()
    desk = browse(f"/review/{asked.public_id}/", by=maintainer, script=script)
    desk.get_by_role("link", name="what changed").click()
    expect(desk.locator(".changed ins")).to_have_text("teachers")
    expect(desk.locator(".changed del")).to_have_text("pupils")


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)])
def test_nothing_is_wrong_with_the_pages_of_both_sides(
    browse: Open, transactional_db: None, dark: bool, phone: bool
) -> None:
    factories.catalogue()
    maintainer, asked = factories.person("Petra 王芳 שרה " + "x" * 60, PlatformRole.MAINTAINER), ask()
    asked = ask_for_changes(access_request=asked, version=asked.version, text=HOSTILE, by=maintainer)
    for path in ("", "edit/"):
        page = browse(f"/requests/{asked.public_id}/{path}", by=asked.applicant, dark=dark, phone=phone)
        assert faults(page) == [], path
    edit_request(access_request=asked, values={"purpose": HOSTILE, "links": HOSTILE}, by=asked.applicant)
    submit_request(access_request=asked, by=asked.applicant)
    for path, by in ((f"/requests/{asked.public_id}/", asked.applicant), (f"/review/{asked.public_id}/", maintainer)):
        page = browse(path, by=by, dark=dark, phone=phone)
        assert faults(page) == [], path
