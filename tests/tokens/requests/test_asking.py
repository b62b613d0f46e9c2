"""What an applicant may ask for, how often, and what has to be said."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import System
from accounts.errors import Conflict, Invalid, NotAllowed
from tiers.actions.grants import ensure_self_service_grant, give_grant, revoke_grant
from tiers.models import AIModel, Grant
from tokens.actions.requests import edit_request, save_draft, submit_request, withdraw_request
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest, Application
from tokens.policies.requests import COOL_DOWN

from .conftest import COMPLETE

InState = Callable[[str], AccessRequest]


@pytest.mark.parametrize(
    ("field", "value"), [("purpose", "too short"), ("purpose", " " * 30), ("expected_volume", None), ("users", " ")]
)
def test_a_draft_may_be_incomplete_a_submission_not(
    field: str, value: Any, application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    draft = save_draft(application=application, tier=ladder.flower, by=people.applicant, **(COMPLETE | {field: value}))
    with pytest.raises(Invalid) as raised:
        submit_request(access_request=draft, by=people.applicant)
    assert raised.value.field == field
    edit_request(access_request=draft, values={field: COMPLETE[field]}, by=people.member)
    assert submit_request(access_request=draft, by=people.applicant).state == "submitted"


def test_what_the_tier_gives_anyway_is_not_asked_for(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    def ask(**subject: Any) -> AccessRequest:
        return save_draft(application=application, by=people.applicant, **subject)

    for tier in (ladder.anonymous, ladder.seed):
        with pytest.raises(Invalid, match="needs no request"):
            ask(tier=tier)
    with pytest.raises(Invalid, match="opens with the tier flower"):
        ask(model=ladder.plain)
    with pytest.raises(Invalid, match="one tier or one model"):
        ask()
    with pytest.raises(Invalid, match="one tier or one model"):
        ask(tier=ladder.flower, model=ladder.gated)
    assert ask(model=ladder.gated).state == "draft"


def test_what_is_held_is_not_asked_for(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    both, rule = ["generate", "download"], {"source": "rule", "source_id": "test", "by": System("test")}
    for subject in ({"tier": ladder.flower}, {"model": ladder.gated}):
        give_grant(workspace=people.school, **subject, permissions=both, **rule)
        with pytest.raises(Invalid, match="already"):
            save_draft(application=application, by=people.applicant, **subject)
    assert save_draft(application=application, by=people.applicant, tier=ladder.nectar).pk


def test_a_self_service_tier_that_staff_took_is_asked_for_like_others(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    rule = ensure_self_service_grant(workspace=application.workspace, by=people.applicant)
    assert rule is not None
    revoke_grant(grant=rule, reason="Abuse", by=people.administrator)
    assert save_draft(application=application, by=people.applicant, tier=ladder.seed).pk


def test_a_model_held_to_generate_can_be_asked_for_to_download(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    rule = {"source": "rule", "source_id": "test", "by": System("test")}
    give_grant(workspace=people.school, model=ladder.gated, **rule)
    assert save_draft(application=application, by=people.applicant, model=ladder.gated).pk


def test_models_in_early_access_and_retired_ones(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    day = timedelta(days=1)
    window = {"early_access_from": timezone.now() - day, "early_access_until": timezone.now() + day}
    early = AIModel.objects.create(name="early", family="x", tier=ladder.flower, **window)
    gone = AIModel.objects.create(name="gone", family="x", gated=True, retired_at=timezone.now() - day)
    assert save_draft(application=application, model=early, by=people.applicant).pk
    with pytest.raises(Invalid, match="retired"):
        save_draft(application=application, model=gone, by=people.applicant)


def test_an_approved_model_is_granted_to_the_application(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    draft = save_draft(application=application, model=ladder.gated, by=people.applicant, **COMPLETE)
    sent = submit_request(access_request=draft, by=people.applicant)
    with pytest.raises(Invalid, match="for a model"):
        approve_request(access_request=sent, version=sent.version, tier=ladder.seed, by=people.maintainer)
    approve_request(access_request=sent, version=sent.version, by=people.maintainer)
    grant = Grant.objects.get()
    assert (grant.model, grant.tier, grant.application_id) == (ladder.gated, None, application.pk)


def test_an_unconfirmed_address_asks_for_nothing(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    EmailAddress.objects.filter(user=people.applicant).update(verified=False)
    with pytest.raises(NotAllowed, match="Confirm your e-mail"):
        save_draft(application=application, tier=ladder.flower, by=people.applicant)


@pytest.mark.parametrize("state", ["draft", "submitted", "in_review", "changes_requested"])
def test_one_open_request_a_subject(
    state: str, in_state: InState, application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    first = in_state(state)
    with pytest.raises(Conflict, match=first.public_id):
        save_draft(application=application, tier=ladder.flower, by=people.member)
    with pytest.raises(IntegrityError, match="request_one_open_a_subject"), transaction.atomic():
        AccessRequest.objects.create(
            workspace=people.school, application=application, applicant=people.member, tier=ladder.flower
        )
    assert save_draft(application=application, tier=ladder.nectar, by=people.member).pk


def test_after_a_rejection_one_waits_then_asks_again_linked_to_the_old(
    in_state: InState, application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    old = in_state("rejected")
    with pytest.raises(Conflict, match="you can ask again from") as raised:
        save_draft(application=application, tier=ladder.flower, by=people.applicant)
    assert raised.value.details["at"] == old.decided_at + COOL_DOWN
    AccessRequest.objects.filter(pk=old.pk).update(decided_at=old.decided_at - COOL_DOWN)
    assert save_draft(application=application, tier=ladder.flower, by=people.applicant).previous == old


def test_after_withdrawing_one_asks_again_at_once(
    submitted: AccessRequest, application: Application, people: SimpleNamespace
) -> None:
    withdraw_request(access_request=submitted, by=people.member)
    assert save_draft(application=application, tier=submitted.tier, by=people.applicant).previous is None


def test_the_subject_is_fixed_once_sent_and_checked_while_a_draft(
    in_state: InState, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    draft = in_state("draft")
    with pytest.raises(Invalid, match="needs no request"):
        edit_request(access_request=draft, values={"tier": ladder.seed}, by=people.applicant)
    moved = edit_request(access_request=draft, values={"tier": None, "model": ladder.gated}, by=people.applicant)
    assert (moved.tier, moved.model) == (None, ladder.gated)
    asked = in_state("changes_requested")
    with pytest.raises(Conflict, match="cannot change any more"):
        edit_request(access_request=asked, values={"tier": ladder.nectar}, by=people.applicant)


def test_self_service_gives_the_highest_open_tier_once_and_not_what_was_taken(
    people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    grant = ensure_self_service_grant(workspace=people.school, by=people.applicant)
    assert grant is not None
    assert (grant.tier, grant.application_id, grant.source) == (ladder.seed, None, "rule")
    assert ensure_self_service_grant(workspace=people.school, by=people.member) == grant
    revoke_grant(grant=grant, reason="Abuse", by=people.administrator)
    assert ensure_self_service_grant(workspace=people.school, by=people.applicant) is None
    assert Grant.objects.count() == 1
