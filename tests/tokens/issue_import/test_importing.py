"""Issues become access requests: once each, of the right person, with their age."""

import threading
from types import SimpleNamespace

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connections

from accounts.audit import Task
from accounts.models import AuditEvent, User
from tests import factories
from tests.factories.issues import HEADINGS, an_issue
from tiers.models import Tier
from tokens.actions import issue_forms, issue_import
from tokens.actions.requests import save_draft, withdraw_request
from tokens.models import AccessRequest, Application, ImportedIssue

pytestmark = pytest.mark.django_db
BY = Task("tests")


@pytest.fixture
def desk() -> SimpleNamespace:
    factories.catalogue()
    administrator = factories.administrator()
    flower = Tier.objects.get(slug="flower")
    form = issue_forms.add_form(repository="garden/requests", headings=HEADINGS, tier=flower, by=administrator).form
    return SimpleNamespace(administrator=administrator, form=form, flower=flower)


def known(person: User, uid: int = 583231) -> User:
    SocialAccount.objects.create(user=person, provider="github", uid=str(uid))
    return person


def bring(desk: SimpleNamespace, *issues, wanted=True) -> None:  # type: ignore[no-untyped-def]
    issue_import.take_in(form=desk.form, issues=issues, wanted=wanted)


def test_an_issue_of_somebody_known_becomes_their_request_with_its_age(desk: SimpleNamespace) -> None:
    dana = known(factories.person("Dana"))
    bring(desk, an_issue())
    assert issue_import.open_waiting(by=BY) == 1
    asked = AccessRequest.objects.get()
    assert (asked.applicant, asked.state, asked.tier) == (dana, "submitted", desk.flower)
    assert asked.submitted_at == an_issue().opened_at
    assert asked.due_at is not None
    assert asked.due_at > asked.created_at
    assert (asked.application.name, asked.application.url) == ("Lantern", "https://lantern.example.com")
    assert (asked.expected_volume, asked.users) == (1500, "")
    assert asked.purpose.startswith("A reading aid")
    event = AuditEvent.objects.get(action="request.imported")
    assert (event.after["issue"], event.after["repository"]) == (7, "garden/requests")


def test_one_whose_author_is_not_here_waits_and_is_made_when_they_come(desk: SimpleNamespace) -> None:
    bring(desk, an_issue())
    assert issue_import.open_waiting(by=BY) == 0
    known(factories.person("Dana"))
    assert issue_import.open_waiting(by=BY) == 1
    assert issue_import.open_waiting(by=BY) == 0


def test_a_login_that_is_the_same_is_not_the_author(desk: SimpleNamespace) -> None:
    known(factories.person("dana"), uid=1)
    bring(desk, an_issue())
    assert issue_import.open_waiting(by=BY) == 0


def test_what_was_not_looked_at_waits(desk: SimpleNamespace) -> None:
    known(factories.person("Dana"))
    bring(desk, an_issue(), wanted=False)
    assert issue_import.open_waiting(by=BY) == 0
    assert issue_import.want(form=desk.form, public_ids=None, by=desk.administrator) == 1
    assert issue_import.open_waiting(by=BY) == 1
    assert AuditEvent.objects.get(action="request.imported").actor == desk.administrator


def test_the_same_file_twice_changes_nothing_and_a_newer_one_is_kept(desk: SimpleNamespace) -> None:
    bring(desk, an_issue())
    bring(desk, an_issue(title="older", updated_at="2026-08-01T10:00:00Z"))
    assert ImportedIssue.objects.get().title == "[App] Lantern"
    bring(desk, an_issue(title="newer", updated_at="2026-09-01T10:00:00Z"))
    assert ImportedIssue.objects.get().title == "newer"


def test_an_edit_on_github_leaves_the_request_alone(desk: SimpleNamespace) -> None:
    known(factories.person("Dana"))
    bring(desk, an_issue())
    issue_import.open_waiting(by=BY)
    bring(desk, an_issue(body="### App Name\n\nOther", updated_at="2026-09-01T10:00:00Z"))
    assert AccessRequest.objects.get().application.name == "Lantern"
    assert ImportedIssue.objects.get().matched["application"] == "Other"


def test_a_request_that_is_open_already_is_said_and_can_be_tried_again(desk: SimpleNamespace) -> None:
    dana = known(factories.person("Dana"))
    application = factories.application(by=dana, name="lantern")
    draft = save_draft(application=application, tier=desk.flower, by=dana)
    bring(desk, an_issue())
    assert issue_import.open_waiting(by=BY) == 0
    assert draft.public_id in ImportedIssue.objects.get().problem
    withdraw_request(access_request=draft, by=dana)
    issue_import.want(form=desk.form, public_ids=None, by=desk.administrator)
    assert issue_import.open_waiting(by=BY) == 1
    assert Application.objects.count() == 1


def test_an_issue_that_names_a_tier_or_a_model_asks_for_that(desk: SimpleNamespace) -> None:
    known(factories.person("Dana"))
    headings = {**HEADINGS, "tier": "Which tier", "model": "Which model"}
    issue_forms.edit_form(form=desk.form, headings=headings, by=desk.administrator)
    desk.form.refresh_from_db()
    bring(desk, an_issue(1, body="### App Name\n\nA\n\n### Which tier\n\nNectar, please"))
    bring(desk, an_issue(2, body="### App Name\n\nB\n\n### Which tier\n\nwhatever"))
    assert issue_import.open_waiting(by=BY) == 1
    asked = AccessRequest.objects.get()
    assert asked.tier is not None
    assert asked.tier.slug == "nectar"
    assert "which tier or model" in ImportedIssue.objects.get(number=2).problem


def test_hostile_text_in_every_field_is_kept_and_harmless(desk: SimpleNamespace) -> None:
    known(factories.person("Dana"))
    evil = "<script>alert(1)</script>\u202e{{ 7*7 }}"
    body = "\n\n".join(f"### {heading}\n\n{evil}" for heading in HEADINGS.values())
    bring(desk, an_issue(title=evil, body=body, user={"id": 583231, "login": evil}))
    assert issue_import.open_waiting(by=BY) == 1
    assert "\u202e" not in AccessRequest.objects.get().purpose


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_make_one_request(desk: SimpleNamespace) -> None:
    known(factories.person("Dana"))
    bring(desk, an_issue())
    barrier = threading.Barrier(4)

    def sweep() -> None:
        try:
            barrier.wait()
            issue_import.open_waiting(by=BY)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (AccessRequest.objects.count(), Application.objects.count()) == (1, 1)
    assert ImportedIssue.objects.get().problem == ""
