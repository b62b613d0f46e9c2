"""Real threads, real connections: what one instant decides."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.db import connections

from accounts.errors import Conflict
from accounts.models import AuditEvent
from tiers.models import Grant
from tokens.actions.requests import save_draft, withdraw_request
from tokens.actions.reviews import approve_request, reject_request
from tokens.models import AccessRequest, Application

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def at_once(*doings: Callable[[], object]) -> list[object]:
    """The result or the Conflict of each."""
    barrier = Barrier(len(doings))

    def run(do: Callable[[], object]) -> object:
        barrier.wait(timeout=60)
        try:
            return do()
        except Conflict as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(doings)) as pool:
        return list(pool.map(run, doings))


def test_two_approvals_give_one_grant_and_tell_the_second_who_was_first(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    seen = {"access_request": submitted, "version": submitted.version}
    reviewers = [people.maintainer, people.second, people.administrator]
    results = at_once(*[lambda by=by: approve_request(**seen, by=by) for by in reviewers])
    winners = [result for result in results if isinstance(result, AccessRequest)]
    losers = [result for result in results if isinstance(result, Conflict)]
    assert (len(winners), len(losers)) == (1, 2)
    assert all(winners[0].decided_by.display_name in str(error.message) for error in losers)
    assert Grant.objects.count() == 1
    assert AuditEvent.objects.filter(action="request.approved").count() == 1


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_approve_against_withdraw_and_reject_has_one_outcome(
    attempt: int, submitted: AccessRequest, people: SimpleNamespace
) -> None:
    seen = {"access_request": submitted, "version": submitted.version}
    doings = [
        lambda: approve_request(**seen, by=people.maintainer),
        lambda: withdraw_request(access_request=submitted, by=people.applicant),
        lambda: reject_request(**seen, reason="Not for now", by=people.second),
    ]
    turn = attempt % len(doings)
    results = at_once(*doings[turn:], *doings[:turn])
    assert sum(isinstance(result, Conflict) for result in results) == 2
    submitted.refresh_from_db()
    assert Grant.objects.count() == (submitted.state == "approved")
    events = AuditEvent.objects.filter(action__in=["request.approved", "request.withdrawn", "request.rejected"])
    assert [event.action for event in events] == [f"request.{submitted.state}"]


def test_two_drafts_of_one_subject_make_one(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    results = at_once(
        lambda: save_draft(application=application, tier=ladder.flower, by=people.applicant),
        lambda: save_draft(application=application, tier=ladder.flower, by=people.member),
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert AccessRequest.objects.count() == 1
