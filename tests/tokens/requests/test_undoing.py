"""Taking a decision back: what comes back, and when it is too late."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.forms.models import model_to_dict

from accounts import clock
from accounts.audit import Task
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import AuditEvent, Workspace
from tests.tokens.requests.test_deciding import stands_on
from tiers.models import Grant, Order
from tokens import review_terms
from tokens.actions.handling import claim_request
from tokens.actions.requests import edit_request, save_draft
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.actions.undoing import reopen_request, undo_batch, undo_decision
from tokens.models import AccessRequest, Decision, Rule, RuleVersion
from tokens.selectors.decisions import latest, offer, undoable

from .conftest import COMPLETE

pytestmark = pytest.mark.usefixtures("unhurried")
MOVES = {"version", "updated_at"}


def columns(access_request: AccessRequest) -> dict[str, Any]:
    """Every column, but for those that count changes."""
    row = AccessRequest.objects.filter(pk=access_request.pk).values().get()
    return {name: value for name, value in row.items() if name not in MOVES}


def decided(how: str, access_request: AccessRequest, by: Any) -> Decision:
    seen = {"access_request": access_request, "version": access_request.version, "by": by}
    match how:
        case "approve":
            approve_request(**seen, note="Fine")
        case "ask":
            ask_for_changes(**seen, text="Who runs it?")
        case "reject":
            reject_request(**seen, reason="Not for now")
    return Decision.objects.latest("id")


@pytest.mark.parametrize("claimed", [False, True])
@pytest.mark.parametrize("how", ["approve", "ask", "reject"])
def test_undoing_brings_back_every_column(
    how: str, claimed: bool, submitted: AccessRequest, people: SimpleNamespace
) -> None:
    if claimed:
        claim_request(access_request=submitted, by=people.second)
        rows = AccessRequest.objects.filter(pk=submitted.pk)
        rows.update(snoozed_at=clock.now(), snoozed_by=people.second, snoozed_until=clock.now() + timedelta(days=1))
    submitted.refresh_from_db()
    before, tier = columns(submitted), stands_on(submitted)
    decision = decided(how, submitted, people.maintainer)
    assert columns(submitted) != before
    undo_decision(decision=decision, by=people.maintainer)
    assert columns(submitted) == before
    assert stands_on(submitted) == tier
    assert not Grant.objects.filter(revoked_at=None).exists()
    event = AuditEvent.objects.get(action="request.undone")
    assert (event.actor, event.after["decision"]) == (people.maintainer, decision.public_id)


def test_a_grant_that_was_undone_keeps_its_source_and_the_rights_move_on(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    decision = decided("approve", submitted, people.maintainer)
    before = Workspace.objects.get(pk=submitted.workspace_id).rights_version
    undo_decision(decision=decision, by=people.maintainer)
    grant = Grant.objects.get()
    assert (grant.source, grant.source_id, grant.revoked_by) == ("request", submitted.public_id, people.maintainer)
    assert Workspace.objects.get(pk=submitted.workspace_id).rights_version > before
    again = decided("approve", AccessRequest.objects.get(pk=submitted.pk), people.second)
    assert again.stands
    assert Grant.objects.filter(revoked_at=None).count() == 1


def test_only_whoever_decided_undoes_it(submitted: AccessRequest, people: SimpleNamespace) -> None:
    decision = decided("approve", submitted, people.maintainer)
    with pytest.raises(NotAllowed, match="Only Maintainer"):
        undo_decision(decision=decision, by=people.administrator)
    with pytest.raises(NotAllowed):
        undo_decision(decision=decision, by=people.applicant)
    assert undoable(decision, people.administrator) == "Only Maintainer can undo this decision."
    assert undoable(decision, people.maintainer) == ""


def test_it_is_too_late_once_the_time_has_passed(
    submitted: AccessRequest, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_terms, "UNDO_FOR", timedelta(0))
    decision = decided("approve", submitted, people.maintainer)
    with pytest.raises(Conflict, match="can be undone for"):
        undo_decision(decision=decision, by=people.maintainer)
    assert Grant.objects.filter(revoked_at=None).count() == 1
    assert offer(people.maintainer, clock.now()) is None


def test_twice_is_once(submitted: AccessRequest, people: SimpleNamespace) -> None:
    decision = decided("approve", submitted, people.maintainer)
    undo_decision(decision=decision, by=people.maintainer)
    with pytest.raises(Conflict, match="undone already"):
        undo_decision(decision=decision, by=people.maintainer)
    assert AuditEvent.objects.filter(action="request.undone").count() == 1


def test_not_after_the_applicant_went_on(submitted: AccessRequest, people: SimpleNamespace) -> None:
    decision = decided("ask", submitted, people.maintainer)
    edit_request(access_request=submitted, values={"links": "https://example.com"}, by=people.applicant)
    with pytest.raises(Conflict, match="something happened after it"):
        undo_decision(decision=decision, by=people.maintainer)


def test_not_after_an_order(submitted: AccessRequest, people: SimpleNamespace) -> None:
    decision = decided("approve", submitted, people.maintainer)
    Order.objects.create(provider="manual", reference="r-1", workspace=people.school)
    with pytest.raises(Conflict, match="placed or paid an order since"):
        undo_decision(decision=decision, by=people.maintainer)
    assert Grant.objects.filter(revoked_at=None).count() == 1


def test_not_while_the_applicant_asks_for_the_same_anew(
    submitted: AccessRequest, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    seen = {"access_request": submitted, "version": submitted.version, "by": people.maintainer}
    approved = approve_request(**seen, tier=ladder.seed)
    anew = save_draft(application=submitted.application, tier=ladder.flower, by=people.applicant, **COMPLETE)
    for take_back in (
        lambda: undo_decision(decision=Decision.objects.get(), by=people.maintainer),
        lambda: reopen_request(access_request=approved, reason="New facts", by=people.maintainer),
    ):
        with pytest.raises(Conflict, match=anew.public_id):
            take_back()


def test_what_a_rule_decided_any_reviewer_undoes(submitted: AccessRequest, people: SimpleNamespace) -> None:
    rule = Rule.objects.create(name="Schools", effect="approve", created_by=people.administrator)
    version = RuleVersion.objects.create(rule=rule, number=1, created_by=people.administrator)
    seen = {"access_request": submitted, "version": submitted.version}
    approved = approve_request(**seen, rule=version, by=Task("tokens.rules"))
    decision = Decision.objects.get()
    assert (approved.decided_by, approved.decided_rule, decision.rule) == (None, version, version)
    assert approved.decider == decision.decider == "Rule “Schools”"
    assert AuditEvent.objects.get(action="request.approved").after["rule"] == "Schools v1"
    with pytest.raises(Conflict, match="Rule “Schools” approved"):
        approve_request(**seen, by=people.maintainer)
    undo_decision(decision=decision, by=people.second)
    assert stands_on(submitted) == "anonymous"


def test_nobody_decides_in_the_name_of_a_rule_nor_a_task_without_one(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    rule = Rule.objects.create(name="Schools", effect="approve", created_by=people.administrator)
    version = RuleVersion.objects.create(rule=rule, number=1, created_by=people.administrator)
    seen = {"access_request": submitted, "version": submitted.version}
    for values in ({"by": people.maintainer, "rule": version}, {"by": Task("tokens.rules")}):
        with pytest.raises(NotAllowed):
            approve_request(**seen, **values)


def test_a_batch_is_undone_together_and_says_what_could_not_be(
    in_state: Callable[[str], AccessRequest], people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    first = in_state("submitted")
    second = save_draft(application=first.application, tier=ladder.nectar, by=people.applicant, **COMPLETE)
    AccessRequest.objects.filter(pk=second.pk).update(state="submitted", submitted_at=clock.now(), due_at=clock.now())
    for asked in (first, AccessRequest.objects.get(pk=second.pk)):
        seen = {"access_request": asked, "version": asked.version, "by": people.maintainer}
        ask_for_changes(**seen, text="Who runs it?", batch="b0")
    found = offer(people.maintainer, clock.now())
    assert found is not None
    assert (found.number, 0 < found.seconds <= 3600) == (2, True)
    edit_request(access_request=first, values={"links": "https://example.com"}, by=people.applicant)
    undone, refused = undo_batch(batch="b0", by=people.maintainer)
    assert [asked.pk for asked in undone] == [second.pk]
    assert [decision.access_request_id for decision, _ in refused] == [first.pk]
    assert undo_batch(batch="b0", by=people.second) == ([], [])


def test_reopening_takes_back_tells_why_and_gives_it_to_whoever_reopened(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    decision = decided("approve", submitted, people.maintainer)
    approved = AccessRequest.objects.get(pk=submitted.pk)
    with pytest.raises(Invalid) as raised:
        reopen_request(access_request=approved, reason=" ", by=people.second)
    assert raised.value.field == "reason"
    reopened = reopen_request(access_request=approved, reason="The site is another now", by=people.second)
    assert (reopened.state, reopened.claimed_by, reopened.decided_at) == ("in_review", people.second, None)
    assert stands_on(submitted) == "anonymous"
    grant = Grant.objects.get()
    assert (grant.revoked_reason, grant.source_id) == ("The site is another now", submitted.public_id)
    decision.refresh_from_db()
    assert decision.reopened_by == people.second
    assert latest(reopened) is None
    with pytest.raises(Conflict, match="does not stand"):
        undo_decision(decision=decision, by=people.maintainer)
    assert decided("approve", reopened, people.maintainer).stands
    assert model_to_dict(Grant.objects.get(revoked_at=None))["tier"] == submitted.tier_id
