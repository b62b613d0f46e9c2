"""Whatever several people do to one access request, in whatever order: what is granted agrees with what is decided."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import DomainError
from tiers.models import Grant
from tokens.actions.handling import claim_request, release_request
from tokens.actions.requests import edit_request, submit_request, withdraw_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.actions.undoing import reopen_request, undo_decision
from tokens.models import AccessRequest, Decision, Outcome, ReviewTerms
from tokens.models.requests import DECIDED, TO_DECIDE

pytestmark = pytest.mark.usefixtures("unhurried")
PEOPLE = ("maintainer", "second", "administrator", "applicant", "insider")
Step = Callable[[AccessRequest, Any, SimpleNamespace], object]


def seen(access_request: AccessRequest) -> dict[str, Any]:
    return {"access_request": access_request, "version": access_request.version}


def undo(number: int) -> Step:
    """Of the last decisions, counted back from the newest."""

    def step(access_request: AccessRequest, by: Any, ladder: SimpleNamespace) -> object:
        made = list(Decision.objects.filter(access_request=access_request).order_by("-id")[number : number + 1])
        return [undo_decision(decision=decision, by=by) for decision in made]

    return step


STEPS: dict[str, Step] = {
    "approve": lambda asked, by, ladder: approve_request(**seen(asked), by=by),
    "approve less": lambda asked, by, ladder: approve_request(**seen(asked), tier=ladder.seed, by=by),
    "approve a model of it": lambda asked, by, ladder: approve_request(**seen(asked), models=["petal-chat"], by=by),
    "approve less and a model": lambda asked, by, ladder: approve_request(
        **seen(asked), tier=ladder.seed, models=["petal-chat"], by=by
    ),
    "approve what was seen before": lambda asked, by, ladder: approve_request(
        access_request=asked, version=asked.version - 1, by=by
    ),
    "ask": lambda asked, by, ladder: ask_for_changes(**seen(asked), text="Who runs it?", by=by),
    "reject": lambda asked, by, ladder: reject_request(**seen(asked), reason="Not for now", by=by),
    "undo": undo(0),
    "undo the one before": undo(1),
    "reopen": lambda asked, by, ladder: reopen_request(access_request=asked, reason="New facts", by=by),
    "claim": lambda asked, by, ladder: claim_request(access_request=asked, by=by),
    "release": lambda asked, by, ladder: release_request(access_request=asked, by=by),
    "edit": lambda asked, by, ladder: edit_request(
        access_request=asked, values={"links": f"https://example.com/{asked.version}"}, by=by
    ),
    "submit": lambda asked, by, ladder: submit_request(access_request=asked, by=by),
    "withdraw": lambda asked, by, ladder: withdraw_request(access_request=asked, by=by),
}


def check(access_request: AccessRequest) -> None:
    live = Grant.objects.filter(source="request", source_id=access_request.public_id, revoked_at=None)
    made = Decision.objects.filter(access_request=access_request, undone_at=None, reopened_at=None, lapsed_at=None)
    approved = made.filter(outcome=Outcome.APPROVED)
    assert approved.count() == live.exists() == (access_request.state == "approved")
    assert made.filter(outcome=Outcome.REJECTED).count() == (access_request.state == "rejected")
    assert (access_request.decided_at is not None) == (access_request.state in DECIDED)
    for decision in approved:
        given = [(grant.tier, grant.model.name if grant.model else "") for grant in live.order_by("id")]
        tiers = [(decision.tier, "")] if decision.tier else []
        assert given == [*tiers, *((None, name) for name in decision.chosen_models)]
        assert access_request.granted_tier == decision.tier
        assert access_request.granted_models == decision.chosen_models
        assert decision.endorsement is None or decision.endorsement.by != decision.by
    endorsed = made.filter(outcome=Outcome.ENDORSED)
    assert endorsed.count() <= 1
    if endorsed.exists():
        assert access_request.state in (*TO_DECIDE, "approved")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(PEOPLE)), min_size=3, max_size=14),
    approvals=st.sampled_from([1, 2]),
)
def test_what_is_granted_agrees_with_what_is_decided(
    steps: list[tuple[str, str]],
    approvals: int,
    submitted: AccessRequest,
    people: SimpleNamespace,
    ladder: SimpleNamespace,
) -> None:
    with transaction.atomic():
        ReviewTerms.objects.create(tier=submitted.tier, approvals=approvals)
        for name, who in steps:
            before = AccessRequest.objects.get(pk=submitted.pk)
            try:
                STEPS[name](before, getattr(people, who), ladder)
            except DomainError as error:
                assert str(error.message)  # noqa: PT017
                assert AccessRequest.objects.get(pk=submitted.pk).version == before.version
            check(AccessRequest.objects.get(pk=submitted.pk))
        transaction.set_rollback(True)
