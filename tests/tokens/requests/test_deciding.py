"""What a decision does, and what it refuses."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import override

from accounts.errors import Conflict, Invalid
from accounts.models import AuditEvent, Workspace
from tiers.entitlements import standing
from tiers.models import Grant
from tiers.snapshot import grant_facts, load
from tokens.actions import reviews
from tokens.actions.handling import claim_request
from tokens.actions.requests import add_message, submit_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.models import AccessRequest, RequestMessage
from tokens.policies.requests import can_read_internal

from .conftest import join


def stands_on(access_request: AccessRequest, application_id: int | None = None) -> str:
    grants = Grant.objects.filter(workspace=access_request.workspace).select_related("tier", "model")
    facts = [grant_facts(grant) for grant in grants]
    return standing(load(), facts, application_id or access_request.application_id, timezone.now()).tier.slug


def test_an_approval_takes_effect_with_its_own_commit(submitted: AccessRequest, people: SimpleNamespace) -> None:
    assert stands_on(submitted) == "anonymous"
    before = Workspace.objects.get(pk=submitted.workspace_id).rights_version
    approved = approve_request(access_request=submitted, version=submitted.version, note="Fine", by=people.maintainer)
    assert stands_on(submitted) == "flower"
    assert Workspace.objects.get(pk=submitted.workspace_id).rights_version > before
    grant = Grant.objects.get()
    assert (grant.source, grant.source_id, grant.application_id) == (
        "request",
        approved.public_id,
        submitted.application_id,
    )
    assert (approved.decided_by, approved.granted_tier) == (people.maintainer, submitted.tier)
    actions = list(AuditEvent.objects.order_by("-id").values_list("action", "reason")[:2])
    assert actions == [("grant.given", "Fine"), ("request.approved", "Fine")]


def test_another_application_of_the_workspace_gets_nothing(submitted: AccessRequest, people: SimpleNamespace) -> None:
    approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    assert stands_on(submitted, application_id=submitted.application_id + 1) == "anonymous"


def test_less_than_asked_with_an_end(
    submitted: AccessRequest, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    until = timezone.now() + timedelta(days=90)
    approved = approve_request(
        access_request=submitted, version=submitted.version, tier=ladder.seed, until=until, by=people.maintainer
    )
    assert stands_on(submitted) == "seed"
    assert (approved.granted_tier, approved.granted_until, Grant.objects.get().ends_at) == (ladder.seed, until, until)


def test_never_more_than_asked_nor_nothing_at_all_nor_the_past(
    submitted: AccessRequest, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    seen = {"access_request": submitted, "version": submitted.version, "by": people.maintainer}
    for field, values in {
        "tier": {"tier": ladder.nectar},
        "tier ": {"tier": ladder.anonymous},
        "until": {"until": timezone.now() - timedelta(minutes=1)},
    }.items():
        with pytest.raises(Invalid) as raised:
            approve_request(**seen, **values)
        assert raised.value.field == field.strip()
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
    assert not Grant.objects.exists()


def test_to_ask_and_to_reject_needs_words(submitted: AccessRequest, people: SimpleNamespace) -> None:
    seen = {"access_request": submitted, "version": submitted.version, "by": people.maintainer}
    with pytest.raises(Invalid) as raised:
        ask_for_changes(**seen, text=" ")
    assert raised.value.field == "note"
    with pytest.raises(Invalid) as raised:
        reject_request(**seen, reason="\n")
    assert raised.value.field == "note"
    assert not RequestMessage.objects.exists()


def test_the_second_reviewer_reads_who_decided_first_and_when(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    first = approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    with override("zh-hans"), pytest.raises(Conflict) as raised:
        reject_request(access_request=submitted, version=submitted.version, reason="No", by=people.second)
    error = raised.value
    assert "Maintainer" in str(error.message)
    assert f"{first.decided_at:%Y}年" in str(error.message)
    assert (error.details["by"], error.details["at"]) == ("Maintainer", first.decided_at)
    assert Grant.objects.count() == 1


def test_a_version_that_was_not_seen_is_not_decided(submitted: AccessRequest, people: SimpleNamespace) -> None:
    claim_request(access_request=submitted, by=people.second)
    with pytest.raises(Conflict, match="Second claimed"):
        approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    submitted.refresh_from_db()
    approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    assert Grant.objects.count() == 1


def test_a_crash_in_the_middle_leaves_nothing(
    submitted: AccessRequest, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = AuditEvent.objects.count()
    real = reviews.give_grant

    def dies(**values: object) -> None:
        real(**values)
        raise ConnectionError("pulled the plug")

    monkeypatch.setattr(reviews, "give_grant", dies)
    with pytest.raises(ConnectionError), transaction.atomic():
        approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
    assert (Grant.objects.count(), AuditEvent.objects.count()) == (0, events)


def test_the_database_refuses_an_insider_whatever_the_code_does(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    rows = AccessRequest.objects.filter(pk=submitted.pk)
    with pytest.raises(IntegrityError, match="nobody decides"), transaction.atomic():
        rows.update(state="approved", decided_at=Now(), decided_by=people.insider)
    rows.update(state="approved", decided_at=Now(), decided_by=people.maintainer)


def test_who_asked_gets_the_request_back(in_state: Callable[[str], AccessRequest], people: SimpleNamespace) -> None:
    asked = in_state("changes_requested")
    assert asked.claimed_by == people.second
    message = RequestMessage.objects.get()
    assert (message.text, message.internal) == ("Who runs the server?", False)
    add_message(access_request=asked, text="The school does.", by=people.applicant)
    asked.refresh_from_db()
    assert asked.state == "changes_requested"
    sent = submit_request(access_request=asked, by=people.applicant)
    assert (sent.state, sent.claimed_by, sent.submitted_at) == ("in_review", people.second, asked.submitted_at)


def test_internal_remarks_are_not_for_those_whom_they_are_about(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    assert can_read_internal(people.maintainer, submitted)
    assert can_read_internal(people.auditor, submitted)
    for name in ("applicant", "owner", "outsider", "insider"):
        assert not can_read_internal(getattr(people, name), submitted), name


def test_a_maintainer_who_joins_the_workspace_meanwhile_cannot_decide(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    claimed = claim_request(access_request=submitted, by=people.second)
    join(people.school, people.second)
    with pytest.raises(Exception, match="somebody else has to review"):
        approve_request(access_request=claimed, version=claimed.version, by=people.second)
    assert not Grant.objects.exists()
