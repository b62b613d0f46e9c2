"""Two reviewers with one thought: one has it, and the other reads who and when."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.errors import Conflict
from accounts.models import AuditEvent
from tests import factories
from tests.concurrency import at_once, refused
from tests.tokens.review.conftest import ask
from tokens import sweeps
from tokens.actions.handling import assign_request, claim_request, snooze_request, take_over_request
from tokens.actions.requests import add_message
from tokens.models import AccessRequest, RequestMessage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_catalogue")]


@pytest.fixture
def _catalogue(transactional_db: None) -> None:
    factories.catalogue()


def events(*actions: str) -> int:
    return AuditEvent.objects.filter(action__in=[f"request.{action}" for action in actions]).count()


def test_of_two_who_take_over_one_has_it_and_one_word_is_sent() -> None:
    asked = claim_request(access_request=ask(), by=factories.maintainer())
    people = [factories.maintainer(), factories.maintainer()]
    seen = {"access_request": asked, "version": asked.version, "word": "Mine"}
    [error] = refused(at_once(*[lambda by=by: take_over_request(**seen, by=by) for by in people]))
    asked.refresh_from_db()
    assert isinstance(error, Conflict)
    assert asked.claimed_by in people
    assert f"{asked.claimed_by.display_name} took this access request over on" in str(error.message)
    assert (RequestMessage.objects.count(), events("taken_over")) == (1, 1)


def test_of_two_who_assign_the_second_reads_of_the_first() -> None:
    asked, people = ask(), [factories.maintainer(), factories.maintainer()]
    seen = {"access_request": asked, "version": asked.version, "group": None}
    [error] = refused(at_once(*[lambda by=by: assign_request(**seen, to=by, by=by) for by in people]))
    asked.refresh_from_db()
    assert asked.assigned_to in people
    assert "changed whose this access request is on" in str(error.message)


def test_a_claim_lapses_once_however_many_sweep() -> None:
    asked = claim_request(access_request=ask(), by=factories.maintainer())
    past = datetime.now(UTC) - timedelta(hours=1)
    AccessRequest.objects.filter(pk=asked.pk).update(claim_ends_at=past)
    results = at_once(sweeps.lapse_claims, sweeps.lapse_claims, sweeps.lapse_claims)
    assert (sum(results), events("claim_lapsed")) == (1, 1)


def test_an_answer_and_the_clock_wake_it_once() -> None:
    by = factories.maintainer()
    asked = ask()
    snooze_request(access_request=asked, version=asked.version, until=datetime.now(UTC) + timedelta(days=1), by=by)
    past = datetime.now(UTC) - timedelta(hours=1)
    AccessRequest.objects.filter(pk=asked.pk).update(snoozed_at=past - timedelta(hours=1), snoozed_until=past)
    answer = lambda: add_message(access_request=asked, text="Here I am", by=asked.applicant)  # noqa: E731
    assert refused(at_once(answer, sweeps.wake_snoozed, sweeps.wake_snoozed)) == []
    assert (events("woke"), RequestMessage.objects.count()) == (1, 1)
