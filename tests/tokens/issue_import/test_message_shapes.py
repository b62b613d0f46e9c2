"""A signed message that is not as GitHub makes them: taken once, set aside where people see it, never tried again."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.audit import System
from tests.factories.issues import payload
from tests.tokens.issue_import.conftest import REPOSITORY, hear, told
from tests.tokens.issue_import.test_comments import comment
from tests.tokens.issue_import.test_webhook import send
from tests.tokens.review.conftest import signed_in
from tiers.actions.redriving import redrive_events
from tiers.models import Alarm, ProviderEvent
from tokens.models import ImportedComment, ImportedIssue, IssueForm

pytestmark = pytest.mark.django_db
DEEP: Any = []
for _level in range(400):
    DEEP = [DEEP]
SHAPES = [None, [], [1], "text", "", 7, 1.5, True, {}, DEEP, {"deep": DEEP}, {"id": 10**40}, {"id": "7"}, {"id": -1}]
MISSING = object()


def whole(event: str) -> dict[str, Any]:
    return told("opened") if event == "issues" else {**told("created"), "comment": comment(1)}


@pytest.mark.parametrize("value", [*SHAPES, MISSING], ids=lambda value: str(value)[:20])
@pytest.mark.parametrize(
    ("event", "part"),
    [("issues", "issue"), ("issues", "repository"), ("issue_comment", "issue"), ("issue_comment", "comment")],
)
def test_a_part_of_another_shape_is_set_aside_once(
    repository: SimpleNamespace, event: str, part: str, value: object
) -> None:
    said = {name: given for name, given in {**whole(event), part: value}.items() if given is not MISSING}
    if part == "repository" and isinstance(value, dict):
        value["full_name"] = "garden/requests"
    assert hear(repository, "odd", said, event)["state"] == "set_aside"
    stored = ProviderEvent.objects.get()
    assert (stored.state, stored.attempts, bool(stored.error)) == ("set_aside", 1, True)
    assert redrive_events(by=System("sweep")) == 0
    assert Alarm.objects.get().event_id == stored.pk
    assert (ImportedIssue.objects.count(), ImportedComment.objects.count()) == (0, 0)
    assert IssueForm.objects.get().repository_id is None
    page = signed_in(repository.by).get("/events/?state=set_aside").content.decode()
    assert stored.event_id in page or stored.public_id in page


@pytest.mark.parametrize("value", [*SHAPES, MISSING], ids=lambda value: str(value)[:20])
def test_a_sender_of_another_shape_is_nobody(repository: SimpleNamespace, value: object) -> None:
    said = {name: given for name, given in {**told("deleted"), "sender": value}.items() if given is not MISSING}
    assert hear(repository, "odd", said)["state"] == "applied"
    assert ImportedIssue.objects.get().deleted_by == ""


@pytest.mark.parametrize(
    "changes",
    [None, [], "", {}, {"new_issue": None}, {"new_issue": payload(3)}, {"new_issue": [], "new_repository": REPOSITORY}],
)
def test_a_transfer_that_does_not_say_where_is_set_aside(repository: SimpleNamespace, changes: object) -> None:
    assert hear(repository, "odd", told("transferred", changes=changes))["state"] == "set_aside"
    assert ImportedIssue.objects.count() == 0


@pytest.mark.parametrize("name", ["number", "created_at", "id"])
def test_an_issue_without_what_it_is_told_by_is_set_aside(repository: SimpleNamespace, name: str) -> None:
    for number, value in enumerate((None, "x", [], {}, -1, 10**30)):
        assert hear(repository, f"odd-{number}", told("opened", issue={name: value}))["state"] == "set_aside"
    assert ImportedIssue.objects.count() == 0


def test_other_encodings_and_numbers_beyond_all_bounds_do_no_harm(repository: SimpleNamespace) -> None:
    wide = json.dumps(told("opened")).encode("utf-16")
    assert send(repository, wide, **{"X-GitHub-Delivery": "wide"}).json()["state"] == "set_aside"
    digits = b'{"action": "opened", "issue": ' + b"9" * 5_000 + b"}"
    assert send(repository, digits, **{"X-GitHub-Delivery": "digits"}).status_code == 400
    assert not ProviderEvent.objects.filter(state__in=["received", "failed"]).exists()


def test_the_same_one_again_is_counted_and_not_tried(repository: SimpleNamespace) -> None:
    for _ in range(2):
        assert hear(repository, "odd", told("opened", issue={"number": None}))["state"] == "set_aside"
    assert (ProviderEvent.objects.get().repeats, ProviderEvent.objects.get().attempts) == (1, 1)
