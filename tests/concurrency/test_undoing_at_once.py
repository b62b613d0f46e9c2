"""Two that take back, approve or buy at one instant: one outcome, and grants that agree with it."""

from types import SimpleNamespace

import pytest

from accounts.models import AuditEvent
from tests.concurrency import at_once, refused
from tests.tokens.requests.conftest import (  # noqa: F401
    application,
    ladder,
    people,
    submitted,
)
from tiers.models import Grant, Order
from tokens.actions.bulk import Item, Result, decide_many
from tokens.actions.requests import withdraw_request
from tokens.actions.reviews import approve_request
from tokens.actions.transitions import lock_workspace
from tokens.actions.undoing import reopen_request, undo_decision
from tokens.models import AccessRequest, Decision, Outcome, ReviewTerms

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unhurried")]


def live() -> int:
    return Grant.objects.filter(source="request", revoked_at=None).count()


def approve(access_request: AccessRequest, by: object) -> AccessRequest:
    return approve_request(access_request=access_request, version=access_request.version, by=by)  # type: ignore[arg-type]


def test_two_undo_at_once(submitted: AccessRequest, people: SimpleNamespace) -> None:  # noqa: F811
    approve(submitted, people.maintainer)
    decision = Decision.objects.get()
    results = at_once(*[lambda: undo_decision(decision=decision, by=people.maintainer)] * 3)
    assert len(refused(results)) == 2
    assert all("undone already" in str(error.message) for error in refused(results))
    assert (live(), AuditEvent.objects.filter(action="request.undone").count()) == (0, 1)


def test_undoing_against_reopening(submitted: AccessRequest, people: SimpleNamespace) -> None:  # noqa: F811
    approved = approve(submitted, people.maintainer)
    decision = Decision.objects.get()
    results = at_once(
        lambda: undo_decision(decision=decision, by=people.maintainer),
        lambda: reopen_request(access_request=approved, reason="New facts", by=people.second),
    )
    assert len(refused(results)) == 1
    decision.refresh_from_db()
    assert (decision.undone_at is None) != (decision.reopened_at is None)
    assert live() == 0


def test_undoing_against_an_order(submitted: AccessRequest, people: SimpleNamespace) -> None:  # noqa: F811
    """Whichever comes first: an order is never placed on what is then undone without saying so."""
    from django.db import transaction

    approve(submitted, people.maintainer)
    decision = Decision.objects.get()

    def order() -> Order:
        with transaction.atomic():
            lock_workspace(submitted.workspace_id)
            return Order.objects.create(provider="manual", reference="r-1", workspace=people.school)

    results = at_once(lambda: undo_decision(decision=decision, by=people.maintainer), order)
    decision.refresh_from_db()
    assert live() == (1 if refused(results) else 0)
    if decision.undone_at is not None:
        assert Order.objects.get().created_at >= decision.undone_at


@pytest.mark.parametrize("attempt", range(4))
def test_two_first_approvals_at_once_are_one(
    attempt: int,
    submitted: AccessRequest,  # noqa: F811
    people: SimpleNamespace,  # noqa: F811
) -> None:
    """The second saw nothing of the first, so it is told, and does not pass for the approval of somebody who saw it."""
    ReviewTerms.objects.create(tier=submitted.tier, approvals=2)
    results = at_once(*[lambda by=by: approve(submitted, by) for by in (people.maintainer, people.second)])
    assert len(refused(results)) == 1
    assert Decision.objects.filter(outcome=Outcome.ENDORSED).count() == 1
    assert live() == 0


def test_two_second_approvals_at_once_give_one_grant(
    submitted: AccessRequest,  # noqa: F811
    people: SimpleNamespace,  # noqa: F811
) -> None:
    ReviewTerms.objects.create(tier=submitted.tier, approvals=2)
    first = approve(submitted, people.maintainer)
    results = at_once(
        lambda: approve(first, people.second),
        lambda: approve(first, people.administrator),
        lambda: withdraw_request(access_request=first, by=people.applicant),
    )
    assert len(refused(results)) == 2
    first.refresh_from_db()
    assert live() == (first.state == "approved")


def test_the_same_bulk_twice_at_once_decides_once(
    submitted: AccessRequest,  # noqa: F811
    people: SimpleNamespace,  # noqa: F811
) -> None:
    def decide() -> list[Result]:
        return decide_many(
            items=[Item(submitted, submitted.version)],
            outcome=Outcome.APPROVED,
            text=lambda asked: "",
            batch="batch0000001",
            by=people.maintainer,
        )

    results = at_once(decide, decide, decide)
    assert not refused(results)
    assert {result.outcome for [result] in results} == {Outcome.APPROVED}  # type: ignore[misc]
    assert (Decision.objects.count(), live()) == (1, 1)
