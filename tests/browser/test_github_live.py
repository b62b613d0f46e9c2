"""What is edited or deleted on GitHub changes where it stands in the conversation, and takes nothing from who types."""

from types import SimpleNamespace

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults
from tests.browser.test_conversation_live import DRAFT, LONG, drafted, looked, place
from tests.factories.issues import BODY, HEADINGS, an_issue
from tiers.models import Tier
from tokens.actions import issue_forms, issue_import
from tokens.actions.issue_comments import keep_comments, remove_comment
from tokens.actions.requests import add_message
from tokens.issue_import.comments import Comment, read
from tokens.models import AccessRequest, ImportedIssue

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def said(number: int, body: str, minute: int = 0) -> Comment:
    address = f"https://github.com/garden/requests/issues/7#issuecomment-{number}"
    user, at = {"login": "dana", "id": 583231}, "2026-08-03T10:00:00Z"
    later = f"2026-08-03T11:{minute:02}:00Z"
    about = {"id": number, "html_url": address, "user": user, "created_at": at, "updated_at": later}
    return read({**about, "body": body}, 7)


@pytest.fixture
def filed(transactional_db: None) -> SimpleNamespace:
    """An access request that was filed as an issue with two comments."""
    factories.catalogue()
    administrator, dana = factories.administrator(), factories.person("Dana")
    maintainer = factories.person("Mika Maier", PlatformRole.MAINTAINER)
    SocialAccount.objects.create(user=dana, provider="github", uid="583231")
    flower = Tier.objects.get(slug="flower")
    form = issue_forms.add_form(repository="garden/requests", headings=HEADINGS, tier=flower, by=administrator).form
    issue_import.take_in(form=form, issues=[an_issue(body=BODY.replace("Lantern", "First"))], wanted=True)
    assert issue_import.open_waiting(by=administrator) == 1
    asked, issue = AccessRequest.objects.get(), ImportedIssue.objects.get()
    keep_comments(issue=issue, comments=[said(1, "The first words"), said(2, "The second words")])
    for number in range(12):
        add_message(access_request=asked, text=f"Later {number}", by=dana)
    return SimpleNamespace(maintainer=maintainer, asked=asked, issue=issue)


@pytest.mark.parametrize("phone", [False, True])
def test_an_edit_and_a_deletion_come_in_above_a_draft(browse: Open, filed: SimpleNamespace, phone: bool) -> None:
    page = browse(f"/review/{filed.asked.public_id}/", by=filed.maintainer, phone=phone)
    field = drafted(page)
    number, before = page.locator(".timeline > li").count(), place(page, "textarea[name=text]")
    keep_comments(issue=filed.issue, comments=[said(1, LONG, minute=1)])
    expect(page.locator(".timeline > li", has_text="and the last line")).to_have_count(1)
    expect(page.locator("#standing")).to_contain_text("dana changed a comment on GitHub.")
    expect(page.locator(".timeline")).not_to_contain_text("The first words")
    assert place(page, "textarea[name=text]") == pytest.approx(before, abs=2)
    remove_comment(issue=filed.issue, comment=said(2, ""))
    expect(page.locator("#standing")).to_contain_text("A comment by dana was deleted on GitHub.")
    expect(page.locator(".timeline")).not_to_contain_text("The second words")
    assert place(page, "textarea[name=text]") == pytest.approx(before, abs=2)
    expect(page.locator(".timeline > li")).to_have_count(number)
    expect(field).to_be_focused()
    expect(field).to_have_value(DRAFT)
    assert page.locator("#planted").count() == 0
    assert faults(page) == []


def test_the_link_that_has_the_focus_keeps_it_and_nothing_is_said_twice(browse: Open, filed: SimpleNamespace) -> None:
    page = browse(f"/review/{filed.asked.public_id}/", by=filed.maintainer)
    link = page.locator(".timeline > li", has_text="The first words").get_by_role("link", name="on GitHub")
    link.focus()
    expect(link).to_be_focused()
    keep_comments(issue=filed.issue, comments=[said(1, "Better words", minute=1)])
    expect(page.locator("#standing")).to_contain_text("dana changed a comment on GitHub.")
    changed = page.locator(".timeline > li", has_text="Better words")
    expect(changed.get_by_role("link", name="on GitHub")).to_be_focused()
    page.locator("#standing").get_by_role("link", name="Read it").click()
    expect(changed).to_be_focused()
    expect(page.locator("#standing")).to_have_text("")
    looked(page)
    expect(page.locator("#standing")).to_have_text("")
    expect(changed).to_be_focused()
    assert AccessRequest.objects.get().version == filed.asked.version
