"""Rules that are carried out while something else happens: it happens once, and whoever came first has it."""

import pytest

from accounts.audit_chain import verify
from accounts.models import AuditEvent
from tests.concurrency import at_once, refused
from tests.tokens.rules.conftest import a_rule, make_desk, waiting
from tiers.models import Grant, GrantSource
from tokens.actions.handling import claim_request
from tokens.actions.reviews import reject_request
from tokens.actions.rules import switch_off
from tokens.actions.undoing import undo_decision
from tokens.models import AccessRequest, Decision, Rule, RuleUse
from tokens.rules.applying import apply, sweep
from tokens.selectors.decisions import latest

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 4


def granted() -> int:
    return Grant.objects.filter(source=GrantSource.REQUEST, revoked_at=None).count()


def done(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def test_one_rule_tried_by_several_workers_is_carried_out_once() -> None:
    desk = make_desk()
    a_rule(by=desk.ada, effect="route", position=1, escalate=True, person=desk.mika.public_id)
    a_rule(by=desk.ada, position=2)
    asked = waiting()
    results = at_once(*[lambda: apply(asked)] * TIMES, sweep, sweep)
    assert refused(results) == []
    assert (RuleUse.objects.count(), Decision.objects.count(), granted()) == (2, 1, 1)
    assert (done("rule.used"), done("request.approved")) == (2, 1)
    assert list(verify()) == []


@pytest.mark.parametrize("attempt", range(TIMES))
def test_a_rule_or_a_person_decides_and_never_both(attempt: int) -> None:
    desk = make_desk()
    a_rule(by=desk.ada)
    asked = waiting()
    doings = [
        lambda: apply(asked),
        lambda: reject_request(access_request=asked, version=asked.version, reason="No", by=desk.mika),
    ]
    results = at_once(*(doings[::-1] if attempt % 2 else doings))
    after = AccessRequest.objects.get()
    by_rule = after.state == "approved"
    assert (after.decided_by is None, granted(), RuleUse.objects.count()) == (by_rule, int(by_rule), int(by_rule))
    assert len(refused(results)) == int(by_rule)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("attempt", range(TIMES))
def test_what_is_claimed_at_that_moment_is_the_claimers_or_decided(attempt: int) -> None:
    desk = make_desk()
    a_rule(by=desk.ada)
    asked = waiting()
    doings = [lambda: apply(asked), lambda: claim_request(access_request=asked, by=desk.mika)]
    at_once(*(doings[::-1] if attempt % 2 else doings))
    after = AccessRequest.objects.get()
    assert (after.state, granted()) in {("approved", 1), ("in_review", 0)}


def test_a_rule_that_is_switched_off_does_nothing_once_that_is_committed() -> None:
    """Whoever carries it out and whoever switches it off take the rule's lock: what comes second sees the first."""
    desk = make_desk()
    version = a_rule(by=desk.ada)
    requests = [waiting(f"Reader {number}") for number in range(6)]
    at_once(*[lambda one=one: apply(one) for one in requests], lambda: switch_off(rule=version.rule, by=desk.ada))
    off = AuditEvent.objects.get(action="rule.switched_off")
    assert Rule.objects.get().active is None
    # Times of events are those at which their transactions began, and so say nothing here; what comes now does.
    assert RuleUse.objects.count() == granted() == done("rule.used")
    before = RuleUse.objects.count()
    assert [apply(one) for one in requests] == [[]] * 6
    assert (RuleUse.objects.count(), sweep(), off.subject_id) == (before, 0, version.rule.public_id)


def test_what_is_undone_while_rules_are_swept_stays_undone() -> None:
    desk = make_desk()
    a_rule(by=desk.ada)
    asked = waiting()
    apply(asked)
    decision = latest(asked)
    assert decision is not None
    results = at_once(lambda: undo_decision(decision=decision, by=desk.mika), *[sweep] * 3)
    assert refused(results) == []
    assert (sweep(), granted(), AccessRequest.objects.get().state) == (0, 0, "submitted")
