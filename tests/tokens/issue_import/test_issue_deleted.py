"""An issue that is deleted on GitHub: its text goes here too, and nothing brings it back; it decides nothing."""

from types import SimpleNamespace

import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.audit import System
from tests.factories.issues import payload
from tests.staff.test_imports_page import upload
from tests.tokens.issue_import.conftest import asked, hear, inbox, told
from tests.tokens.issue_import.test_comments import comment
from tests.tokens.requests.test_telling import run
from tests.tokens.review.conftest import signed_in
from tiers.actions.inbox import handle_event
from tiers.models import ProviderEvent
from tokens.actions import issue_import
from tokens.actions.handling import claim_request
from tokens.actions.requests import edit_request, submit_request
from tokens.actions.reviews import ask_for_changes
from tokens.models import AccessRequest, Decision, ImportedComment, ImportedIssue

pytestmark = pytest.mark.django_db
TEXT = b"hard words"


def pages(place: SimpleNamespace, access_request: AccessRequest) -> str:
    """Of the reviewer, of the applicant, and of the import."""
    issue = ImportedIssue.objects.get()
    seen = [
        place.desk.get(f"/review/{access_request.public_id}/"),
        signed_in(place.dana).get(f"/requests/{access_request.public_id}/"),
        signed_in(place.by).get(f"/review/imports/{place.form.public_id}/{issue.public_id}/"),
    ]
    assert {page.status_code for page in seen} == {200}
    return "\n".join(page.content.decode() for page in seen)


def test_its_text_is_readable_nowhere_and_who_deleted_it_is_told(repository: SimpleNamespace) -> None:
    access_request = asked(repository)
    hear(repository, "said", {**told("created"), "comment": comment(1, body="One more of TEXT")}, "issue_comment")
    assert "hard words" in pages(repository, access_request)
    assert TEXT in inbox()
    hear(repository, "gone", told("deleted"))
    page = pages(repository, access_request)
    assert "hard words" not in page
    assert "One more of TEXT" not in page
    assert (TEXT in inbox(), b"One more of TEXT" in inbox()) == (False, False)
    assert "deleted the issue on GitHub that this was filed as" in page
    assert "<bdi>gardener</bdi>" in page
    assert "GitHub id 77" in page
    access_request.refresh_from_db()
    assert (access_request.state, access_request.purpose, access_request.expected_volume) == ("submitted", "", None)
    assert access_request.wording == []


def test_told_again_and_applied_again_it_stays_one_deletion(repository: SimpleNamespace) -> None:
    access_request = asked(repository)
    for delivery in ("gone", "gone", "again"):
        hear(repository, delivery, told("deleted"))
    version = AccessRequest.objects.get().version
    for event in ProviderEvent.objects.order_by("id"):
        assert handle_event(event=event, by=System("again"), again=True).state == "applied"
    assert AccessRequest.objects.get().version == version
    assert pages(repository, access_request).count("deleted the issue on GitHub that") == 2
    assert TEXT not in inbox()


def test_what_comes_late_brings_nothing_back(repository: SimpleNamespace) -> None:
    asked(repository)
    hear(repository, "gone", told("deleted"))
    newer = {"updated_at": "2027-01-01T00:00:00Z"}
    edit = told(
        "edited", issue=newer, changes={"body": {"from": "the hard words before"}, "title": {"from": "hard words"}}
    )
    hear(repository, "late", edit)
    hear(repository, "reopened", told("reopened", issue=newer))
    hear(
        repository, "said", {**told("created", issue=newer), "comment": comment(1, body="hard words")}, "issue_comment"
    )
    upload(signed_in(repository.by), repository.form, [payload(7, comments=[comment(1)], **newer), comment(2)])
    issue = ImportedIssue.objects.get()
    assert (issue.title, issue.body, issue.matched, issue.url) == ("", "", {}, "")
    assert "".join(ImportedComment.objects.values_list("body", flat=True)) == ""
    assert TEXT not in inbox()


def test_heard_of_before_it_was_opened_it_becomes_no_access_request(repository: SimpleNamespace) -> None:
    hear(repository, "gone", told("deleted", issue={"user": None}))
    hear(repository, "opened", told("opened"))
    assert issue_import.want(form=repository.form, public_ids=None, by=repository.by) == 0
    assert issue_import.open_waiting(by=repository.by) == 0
    assert TEXT not in inbox()
    assert ImportedIssue.objects.get().body == ""


def test_what_the_applicant_wrote_here_since_stays(repository: SimpleNamespace) -> None:
    access_request = claim_request(access_request=asked(repository), by=repository.mika)
    access_request = ask_for_changes(
        access_request=access_request, version=access_request.version, text="For whom?", by=repository.mika
    )
    mine = "I wrote this here, for the pupils of two schools in our town."
    values = {"purpose": mine, "users": "300 pupils"}
    edit_request(access_request=access_request, values=values, by=repository.dana)
    submit_request(access_request=access_request, by=repository.dana)
    hear(repository, "gone", told("deleted"))
    found = AccessRequest.objects.get()
    assert (found.purpose, found.users, found.expected_volume) == (mine, "300 pupils", None)
    assert "hard words" not in str(Decision.objects.get().restores)
    assert "hard words" not in pages(repository, found)


def test_who_has_it_gets_a_mail_and_must_look_again(
    repository: SimpleNamespace, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    access_request = claim_request(access_request=asked(repository), by=repository.mika)
    with django_capture_on_commit_callbacks() as callbacks:
        hear(repository, "gone", told("deleted"))
    run(callbacks)
    [told_them] = [message for message in mail.outbox if "deleted on GitHub" in message.subject]
    assert told_them.to == [repository.mika.email]
    assert "That decides nothing" in told_them.body
    form = {"decision": "approved", "version": access_request.version, "until": "365", "tier": "flower", "note": ""}
    answer = repository.desk.post(f"/review/{access_request.public_id}/decide/", form)
    assert answer.status_code == 409
    assert "was deleted on GitHub on" in answer.content.decode()


def test_nobody_gets_a_mail_of_one_that_nobody_has(
    repository: SimpleNamespace, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    asked(repository)
    with django_capture_on_commit_callbacks() as callbacks:
        hear(repository, "gone", told("deleted"))
    run(callbacks)
    assert not [message for message in mail.outbox if "deleted on GitHub" in message.subject]
