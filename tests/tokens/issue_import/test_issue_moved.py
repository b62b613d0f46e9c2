"""An issue that is transferred to another repository: the same one, with a link to where it is now."""

from types import SimpleNamespace
from typing import Any

import pytest

from accounts.audit import System
from tests.factories.issues import HEADINGS, payload
from tests.tokens.issue_import.conftest import REPOSITORY, SENDER, asked, hear, told
from tests.tokens.issue_import.test_comments import comment
from tests.tokens.review.conftest import signed_in
from tiers.actions.inbox import handle_event
from tiers.models import ProviderEvent, Tier
from tokens.actions import issue_forms, issue_import
from tokens.models import AccessRequest, ImportedComment, ImportedIssue

pytestmark = pytest.mark.django_db
ELSEWHERE = {"id": 100, "full_name": "garden/elsewhere"}
NEW_URL = "https://github.com/garden/elsewhere/issues/3"


def there(**values: Any) -> dict[str, Any]:
    """The issue as it is in the other repository."""
    return payload(3, html_url=NEW_URL, updated_at="2026-08-05T10:00:00Z", **values)


def moved() -> dict[str, Any]:
    return told("transferred", changes={"new_issue": there(), "new_repository": ELSEWHERE})


def opened_there() -> dict[str, Any]:
    changes = {"old_issue": payload(7), "old_repository": REPOSITORY}
    return {"action": "opened", "issue": there(), "repository": ELSEWHERE, "sender": SENDER, "changes": changes}


@pytest.fixture
def elsewhere(repository: SimpleNamespace) -> SimpleNamespace:
    """The other repository, whose issues are brought in as well."""
    tier = Tier.objects.get(slug="flower")
    minted = issue_forms.add_form(repository="garden/elsewhere", headings=HEADINGS, tier=tier, by=repository.by)
    return SimpleNamespace(**{**vars(repository), "form": minted.form, "secret": minted.text})


def the_issue() -> ImportedIssue:
    return ImportedIssue.objects.select_related("form").get()


def test_the_link_leads_to_the_new_place_and_the_timeline_tells(repository: SimpleNamespace) -> None:
    access_request = asked(repository)
    for delivery in ("moved", "moved", "again"):
        hear(repository, delivery, moved())
    issue = the_issue()
    assert (issue.issue_id, issue.former_ids, issue.in_repository) == (1_000_003, [1_000_007], "garden/elsewhere")
    page = repository.desk.get(f"/review/{access_request.public_id}/").content.decode()
    assert f'href="{NEW_URL}"' in page
    assert "garden/elsewhere#3</a>" in page
    assert page.count("moved the issue on GitHub that this was filed as") == 1
    assert "<bdi>gardener</bdi>" in page
    assert AccessRequest.objects.get().version == access_request.version
    seen = signed_in(repository.by).get(f"/review/imports/{repository.form.public_id}/{issue.public_id}/")
    assert "now garden/elsewhere#3" in seen.content.decode()


def test_what_comes_late_of_the_old_place_makes_no_second_one(repository: SimpleNamespace) -> None:
    asked(repository)
    hear(repository, "moved", moved())
    hear(repository, "late", told("edited", issue={"updated_at": "2027-01-01T00:00:00Z", "title": "Old"}))
    for event in ProviderEvent.objects.order_by("id"):
        assert handle_event(event=event, by=System("again"), again=True).state == "applied"
    assert (the_issue().issue_id, the_issue().title) == (1_000_003, "[App] Lantern")


def test_told_of_before_it_was_opened_it_is_one_issue(repository: SimpleNamespace) -> None:
    hear(repository, "moved", moved())
    hear(repository, "opened", told("opened"))
    assert (the_issue().issue_id, the_issue().url) == (1_000_003, NEW_URL)


@pytest.mark.parametrize("first", ["moved", "opened there"])
def test_between_two_repositories_that_are_brought_in_it_is_one_issue(
    repository: SimpleNamespace, elsewhere: SimpleNamespace, first: str
) -> None:
    access_request = asked(repository)
    if first == "moved":
        hear(repository, "moved", moved())
    hear(elsewhere, "opened-there", opened_there())
    said = {**opened_there(), "action": "created", "comment": comment(1, issue=3)}
    hear(elsewhere, "said", said, "issue_comment")
    hear(repository, "moved", moved())
    issue = the_issue()
    assert (issue.form_id, issue.access_request_id, issue.moved_to) == (elsewhere.form.pk, access_request.pk, "")
    assert ImportedComment.objects.get().issue_id == issue.pk
    assert issue_import.open_waiting(by=repository.by) == 0


def test_one_that_came_in_there_by_itself_becomes_part_of_it(
    repository: SimpleNamespace, elsewhere: SimpleNamespace
) -> None:
    access_request = asked(repository)
    alone = {name: value for name, value in opened_there().items() if name != "changes"}
    hear(elsewhere, "opened-there", alone)
    said = {**alone, "action": "created", "comment": comment(1, issue=3)}
    hear(elsewhere, "said", said, "issue_comment")
    assert ImportedIssue.objects.count() == 2
    hear(repository, "moved", moved())
    assert the_issue().access_request_id == access_request.pk
    assert ImportedComment.objects.get().issue_id == the_issue().pk


def test_deleted_at_its_new_place_its_text_goes_by_all_its_ids(
    repository: SimpleNamespace, elsewhere: SimpleNamespace
) -> None:
    asked(repository)
    hear(repository, "moved", moved())
    hear(elsewhere, "opened-there", opened_there())
    hear(elsewhere, "gone", {**opened_there(), "action": "deleted"})
    hear(repository, "late", moved())
    bodies = b"".join(bytes(event.body) for event in ProviderEvent.objects.all())
    assert b"hard words" not in bodies
    assert the_issue().deleted_by == "gardener"
    assert AccessRequest.objects.get().purpose == ""


def test_a_deletion_at_the_place_that_it_left_takes_nothing(repository: SimpleNamespace) -> None:
    asked(repository)
    hear(repository, "moved", moved())
    hear(repository, "gone", told("deleted"))
    assert "hard words" in the_issue().body
    assert AccessRequest.objects.get().purpose
