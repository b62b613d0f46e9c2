"""Every state × action × kind of person, against the table and against an expectation written apart from it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from accounts import clock
from accounts.errors import Conflict, DomainError, NotAllowed, NotFound
from accounts.models import AuditEvent, User
from tiers.models import Grant
from tokens.actions import handling, requests, reviews
from tokens.actions.undoing import reopen_request, undo_decision
from tokens.lifecycle import TABLE, Action, Side, side_of
from tokens.models import AccessRequest, Application, RequestState, ReviewTerms
from tokens.policies.requests import check_act
from tokens.selectors.decisions import latest

from .conftest import STATES, bring_into, make_ladder, make_people

pytestmark = pytest.mark.django_db

# Who, and what they get on each side: None is allowed.
ROLES: dict[str, dict[Side, type[DomainError] | None]] = {
    "applicant": {Side.APPLICANT: None, Side.REVIEWER: NotAllowed},
    "member": {Side.APPLICANT: None, Side.REVIEWER: NotAllowed},
    "owner": {Side.APPLICANT: None, Side.REVIEWER: NotAllowed},
    "outsider": {Side.APPLICANT: NotFound, Side.REVIEWER: NotAllowed},
    "maintainer": {Side.APPLICANT: NotFound, Side.REVIEWER: None},
    "second": {Side.APPLICANT: NotFound, Side.REVIEWER: None},
    "insider": {Side.APPLICANT: None, Side.REVIEWER: NotAllowed},
    "auditor": {Side.APPLICANT: NotFound, Side.REVIEWER: NotAllowed},
    "administrator": {Side.APPLICANT: NotFound, Side.REVIEWER: None},
}
# Written from the words of the product, not from the table: action → states it is open in, and where it leads.
WAITS = {"submitted", "in_review"}
EXPECTED: dict[str, tuple[str, set[str], str | None]] = {
    "save": ("applicant", {"draft", "changes_requested"}, None),
    "submit": ("applicant", {"draft", "changes_requested"}, "next"),
    "answer": ("applicant", {*WAITS, "changes_requested", "approved", "rejected"}, None),
    "withdraw": ("applicant", {"draft", "changes_requested", *WAITS}, "withdrawn"),
    "claim": ("reviewer", {"submitted"}, "in_review"),
    "release": ("reviewer", {"in_review"}, "submitted"),
    "take_over": ("reviewer", {"in_review"}, None),
    "assign": ("reviewer", {*WAITS, "changes_requested"}, None),
    "snooze": ("reviewer", WAITS, None),
    "wake": ("reviewer", WAITS, None),
    "remark": ("reviewer", {*WAITS, "changes_requested", "approved", "rejected"}, None),
    "ask": ("reviewer", WAITS, "changes_requested"),
    "approve": ("reviewer", WAITS, "approved"),
    "reject": ("reviewer", WAITS, "rejected"),
    "endorse": ("reviewer", WAITS, "in_review"),
    "undo": ("reviewer", {"in_review", "changes_requested", "approved", "rejected"}, "before"),
    "reopen": ("reviewer", {"approved", "rejected"}, "in_review"),
}
# `second` has claimed what is in review. Who has it gives it back; all others take it over.
NOT_FOR_THE_HOLDER, FOR_THE_HOLDER = {"take_over"}, {"release"}
NEXT = {"draft": "submitted", "changes_requested": "in_review"}
# `second` decided everything here: of what `second` had claimed, the first of two approvals alone.
BEFORE = {"in_review": "in_review", "changes_requested": "submitted", "approved": "submitted", "rejected": "submitted"}


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[SimpleNamespace]:
    """One request in each state, for all tests. `django_db` undoes within it whatever one test did."""
    with django_db_blocker.unblock(), transaction.atomic():
        people, ladder, requests = make_people(), make_ladder(), {}
        for state in STATES:
            values = {"workspace": people.school, "name": state, "slug": state, "created_by": people.applicant}
            asked = bring_into(state, Application.objects.create(**values), people, ladder)
            requests[state] = (endorse(asked, people.second) if state == "in_review" else asked).pk
        yield SimpleNamespace(people=people, requests=requests)
        transaction.set_rollback(True)


def administrator() -> User:
    return User.objects.get(role="administrator")


def endorse(access_request: AccessRequest, by: Any, **terms: Any) -> AccessRequest:
    """The first of two approvals, which the tier needs for this moment alone."""
    rows = ReviewTerms.objects.filter(tier=access_request.tier)
    ReviewTerms.objects.update_or_create(tier=access_request.tier, defaults={"approvals": 2})
    after = reviews.approve_request(access_request=access_request, version=access_request.version, by=by, **terms)
    rows.update(approvals=1)
    return after


def undo(access_request: AccessRequest, by: Any) -> None:
    decision = latest(access_request)
    if decision is None:
        check_act(by, access_request, Action.UNDO)
    else:
        undo_decision(decision=decision, by=by)


def act(action: str, access_request: AccessRequest, by: Any) -> None:
    seen = {"access_request": access_request, "by": by}
    decided = {**seen, "version": access_request.version}
    doings: dict[str, Callable[[], object]] = {
        "save": lambda: requests.edit_request(**seen, values={"links": "https://example.com"}),
        "submit": lambda: requests.submit_request(**seen),
        "answer": lambda: requests.add_message(**seen, text="Only our own server."),
        "withdraw": lambda: requests.withdraw_request(**seen),
        "claim": lambda: handling.claim_request(**seen),
        "release": lambda: handling.release_request(**seen),
        "take_over": lambda: handling.take_over_request(**decided, word="I know them."),
        "assign": lambda: handling.assign_request(**decided, to=administrator(), group=None),
        "snooze": lambda: handling.snooze_request(**decided, until=None),
        "wake": lambda: handling.wake_request(**seen),
        "remark": lambda: requests.add_message(**seen, text="Looks sound.", internal=True),
        "ask": lambda: reviews.ask_for_changes(**decided, text="Who runs the server?"),
        "approve": lambda: reviews.approve_request(**decided),
        "reject": lambda: reviews.reject_request(**decided, reason="Not for now"),
        "endorse": lambda: endorse(access_request, by, until=clock.now() + timedelta(days=30)),
        "undo": lambda: undo(access_request, by),
        "reopen": lambda: reopen_request(**seen, reason="New facts"),
    }
    doings[action]()


def expected(state: str, action: str, role: str) -> tuple[type[DomainError] | None, str]:
    side, states, to = EXPECTED[action]
    refused = ROLES[role][Side(side)]
    # Outsiders' words are neither an answer nor, from who may not review, a remark.
    if refused is NotFound and action == "answer":
        refused = None if role in ("maintainer", "second", "administrator") else NotAllowed
    # What somebody decided, they alone undo.
    if action == "undo" and state in states and role != "second":
        refused = NotAllowed
    if refused is not None:
        return refused, state
    if action in (NOT_FOR_THE_HOLDER if role == "second" else FOR_THE_HOLDER):
        return Conflict, state
    if state not in states:
        return Conflict, state
    return None, {None: state, "next": NEXT.get(state, ""), "before": BEFORE.get(state, "")}.get(to, to or state)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", EXPECTED)
@pytest.mark.parametrize("state", STATES)
def test_each_action_in_each_state_by_each_kind_of_person(
    state: str, action: str, role: str, standing: SimpleNamespace, unhurried: None
) -> None:
    access_request, by = AccessRequest.objects.get(pk=standing.requests[state]), getattr(standing.people, role)
    if action == "wake":
        asleep = {"snoozed_at": access_request.updated_at, "snoozed_by": standing.people.second}
        AccessRequest.objects.filter(pk=access_request.pk).update(**asleep)
    events, grants = AuditEvent.objects.count(), Grant.objects.count()
    error, to = expected(state, action, role)
    if error is None:
        act(action, access_request, by)
    else:
        with pytest.raises(DomainError) as raised:
            act(action, access_request, by)
        assert type(raised.value) is error
        assert str(raised.value.message)
        assert AuditEvent.objects.count() == events
    access_request.refresh_from_db()
    assert access_request.state == to
    assert Grant.objects.count() == grants + (error is None and action == "approve")
    if error is None:
        assert AuditEvent.objects.count() > events


def test_the_table_says_the_same_as_the_words() -> None:
    for (state, action), step in TABLE.items():
        side, states, to = EXPECTED[action]
        assert step.side == side
        assert state in states
        assert step.to == {None: state, "next": NEXT.get(state), "before": None}.get(to, to)
    assert len(TABLE) == sum(len(states) for _, states, _ in EXPECTED.values())


def test_every_action_belongs_to_one_side_and_final_states_lead_nowhere() -> None:
    for action in Action:
        assert {step.side for (_, found), step in TABLE.items() if found == action} == {side_of(action)}
    final = set(RequestState) - {state for (state, _), step in TABLE.items() if step.to != state}
    assert final == {RequestState.WITHDRAWN}
