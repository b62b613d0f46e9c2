"""Rules that are on, tried on requests whose signals were gathered."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from tests import factories
from tests.tokens.review.conftest import ask
from tests.tokens.rules.conftest import a_rule, gathered, turn_on, waiting
from tiers.models import AIModel, Grant, GrantSource, Tier
from tokens.actions.handling import claim_request, release_request
from tokens.actions.requests import save_draft, submit_request, withdraw_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.actions.rules import edit_rule, switch_off
from tokens.models import AccessRequest, Decision, ReviewGroup, ReviewTerms, RuleUse, SignalState
from tokens.rules.applying import apply, sweep

pytestmark = pytest.mark.django_db


def grants(access_request: AccessRequest) -> int:
    return Grant.objects.filter(source=GrantSource.REQUEST, source_id=access_request.public_id, revoked_at=None).count()


def test_a_rule_approves_with_its_decision_its_use_and_its_audit(desk: SimpleNamespace) -> None:
    version, asked = a_rule(by=desk.ada, days=30, limits={"requests_per_minute": 7}), waiting()
    [use] = apply(asked)
    after = AccessRequest.objects.get()
    assert (after.state, after.decided_by, after.decided_rule) == ("approved", None, version)
    decision = Decision.objects.get()
    assert (decision.rule, decision.by, decision.outcome) == (version, None, "approved")
    grant = Grant.objects.get(source=GrantSource.REQUEST)
    assert (grant.tier.slug, grant.requests_per_minute) == ("flower", 7)
    assert grant.ends_at is not None
    assert abs(grant.ends_at - timezone.now() - timedelta(days=30)) < timedelta(hours=1)
    assert (use.rule_version, use.request_version, use.did["approved"]) == (version, asked.version, "flower")
    told = AuditEvent.objects.get(action="rule.used")
    assert (told.actor_kind, told.subject_id, told.workspace) == ("task", version.rule.public_id, asked.workspace)
    assert (told.after["rule_version"], told.after["access_request"]) == (1, asked.public_id)
    assert AuditEvent.objects.get(action="request.approved").actor_kind == "task"


def test_it_gives_at_most_its_tier_and_never_more_than_asked(desk: SimpleNamespace) -> None:
    a_rule({"field": "volume_at_most", "value": 20_000}, by=desk.ada, tier="flower")
    given = {}
    for tier in ("flower", "nectar"):
        asked = waiting(tier=tier)
        apply(asked)
        given[tier] = AccessRequest.objects.get(pk=asked.pk).granted_tier
    flower = Tier.objects.get(slug="flower")
    assert given == {"flower": flower, "nectar": flower}


def test_a_model_is_approved_without_a_tier_or_limits(desk: SimpleNamespace) -> None:
    model = AIModel.objects.filter(gated=True)[0]
    a_rule({"field": "model", "value": [model.name]}, by=desk.ada, tier="flower", limits={"requests_per_minute": 7})
    application = factories.application()
    filled = {"purpose": "A reading aid for pupils", "expected_volume": 500, "users": "200 pupils"}
    draft = save_draft(application=application, model=model, by=application.created_by, **filled)
    asked = gathered(submit_request(access_request=draft, by=application.created_by))
    assert len(apply(asked)) == 1
    assert Grant.objects.get(source=GrantSource.REQUEST).model == model


Doing = Callable[[SimpleNamespace, AccessRequest], object]


def _snooze(desk: SimpleNamespace, asked: AccessRequest) -> object:
    return AccessRequest.objects.filter(pk=asked.pk).update(snoozed_at=timezone.now(), snoozed_by=desk.mika)


def _ungather(desk: SimpleNamespace, asked: AccessRequest) -> object:
    return AccessRequest.objects.filter(pk=asked.pk).update(signals_at=None)


def _endorse(desk: SimpleNamespace, asked: AccessRequest) -> object:
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    return approve_request(access_request=asked, version=asked.version, by=desk.mika)


LEFT_ALONE: dict[str, Doing] = {
    "claimed": lambda desk, asked: claim_request(access_request=asked, by=desk.mika),
    "asked": lambda desk, asked: ask_for_changes(
        access_request=asked, version=asked.version, text="Who?", by=desk.mika
    ),
    "approved": lambda desk, asked: approve_request(access_request=asked, version=asked.version, by=desk.mika),
    "rejected": lambda desk, asked: reject_request(
        access_request=asked, version=asked.version, reason="No", by=desk.mika
    ),
    "withdrawn": lambda desk, asked: withdraw_request(access_request=asked, by=asked.applicant),
    "snoozed": _snooze,
    "not gathered": _ungather,
    "endorsed": _endorse,
}
RULES: dict[str, dict[str, Any]] = {"approve": {}, "route": {"escalate": True}}


@pytest.mark.parametrize("effect", RULES)
@pytest.mark.parametrize("what", LEFT_ALONE)
def test_what_somebody_has_or_had_is_left_alone(desk: SimpleNamespace, what: str, effect: str) -> None:
    a_rule(by=desk.ada, effect=effect, **RULES[effect])
    asked = waiting()
    LEFT_ALONE[what](desk, asked)
    before = AccessRequest.objects.values().get()
    assert apply(asked) == []
    assert sweep() == 0
    assert AccessRequest.objects.values().get() == before
    assert not RuleUse.objects.exists()


def test_what_was_given_back_to_the_queue_is_open_to_rules_again(desk: SimpleNamespace) -> None:
    a_rule(by=desk.ada)
    asked = release_request(access_request=claim_request(access_request=waiting(), by=desk.mika), by=desk.mika)
    assert len(apply(asked)) == 1


def test_where_two_must_approve_a_rule_only_routes(desk: SimpleNamespace) -> None:
    ReviewTerms.objects.create(tier=Tier.objects.get(slug="flower"), approvals=2)
    a_rule(by=desk.ada, position=1)
    route = a_rule(by=desk.ada, effect="route", position=2, escalate=True)
    [use] = apply(waiting())
    assert use.rule_version == route
    assert (AccessRequest.objects.get().state, Decision.objects.count()) == ("submitted", 0)


@pytest.mark.parametrize("behind", ["author", "who switched it on"])
def test_nobody_writes_a_rule_for_themselves(desk: SimpleNamespace, behind: str) -> None:
    other = factories.administrator()
    author, switcher = (desk.ada, other) if behind == "author" else (other, desk.ada)
    turn_on(a_rule(by=author, on=False), switcher)
    asked = waiting()
    factories.join(asked.workspace, desk.ada)
    assert apply(asked) == []
    assert len(apply(waiting())) == 1


def test_routes_before_the_first_that_approves_are_followed(desk: SimpleNamespace) -> None:
    group = ReviewGroup.objects.create(name="Payments")
    person = a_rule(by=desk.ada, effect="route", position=1, person=desk.mika.public_id)
    to_group = a_rule(by=desk.ada, effect="route", position=2, group=group.public_id)
    first = a_rule(by=desk.ada, position=3)
    a_rule(by=desk.ada, position=4)
    a_rule(by=desk.ada, effect="route", position=5, escalate=True)
    assert [use.rule_version for use in apply(waiting())] == [person, to_group, first]
    after = AccessRequest.objects.get()
    assert (after.assigned_to, after.group, after.escalated_at) == (desk.mika, group, None)
    assert after.decided_rule == first


def test_bringing_it_before_others_leaves_alone_who_is_deciding(desk: SimpleNamespace) -> None:
    a_rule(by=desk.ada, effect="route", escalate=True)
    asked = waiting()
    apply(asked)
    approve_request(access_request=asked, version=asked.version, by=desk.mika)
    assert AccessRequest.objects.get().decided_by == desk.mika


def test_it_is_not_assigned_to_somebody_of_the_same_workspace(desk: SimpleNamespace) -> None:
    a_rule(by=desk.ada, effect="route", person=desk.mika.public_id, escalate=True)
    asked = waiting()
    factories.join(asked.workspace, desk.mika)
    [use] = apply(asked)
    assert (AccessRequest.objects.get().assigned_to, use.did["assigned_to"]) == (None, None)


def test_a_rule_is_used_once_on_a_request_whatever_its_version(desk: SimpleNamespace) -> None:
    version, asked = a_rule(by=desk.ada, effect="route", escalate=True), waiting()
    assert len(apply(asked)) == 1
    assert (apply(asked), sweep()) == ([], 0)
    rule = version.rule
    again = edit_rule(
        rule=rule,
        name=rule.name,
        position=1,
        conditions=[{"field": "volume_at_least", "value": 1}],
        actions={"escalate": True},
        by=desk.ada,
    )
    turn_on(again, desk.ada)
    assert apply(asked) == []
    assert RuleUse.objects.count() == 1


def test_the_version_that_is_on_decides_and_none_once_it_is_off(desk: SimpleNamespace) -> None:
    version = a_rule(by=desk.ada)
    switch_off(rule=version.rule, by=desk.ada)
    asked = waiting()
    assert (apply(asked), sweep()) == ([], 0)
    turn_on(version, desk.ada)
    assert sweep() == 1
    assert grants(asked) == 1


@pytest.mark.parametrize("state", [SignalState.WARN, SignalState.BAD, SignalState.UNKNOWN])
def test_a_signal_that_is_not_in_order_leaves_it_to_people(desk: SimpleNamespace, state: str) -> None:
    a_rule({"field": "signals_in_order", "value": ["mail"]}, by=desk.ada)
    assert apply(waiting(mail=state)) == []
    assert len(apply(waiting(site=state))) == 1


def test_a_sweep_finds_what_was_lost_and_what_waited_before_the_rule(desk: SimpleNamespace) -> None:
    old = [waiting(f"Reader {number}") for number in range(3)]
    gathered_not = ask("Unread")
    a_rule(by=desk.ada)
    assert sweep() == 3
    assert [grants(one) for one in old] == [1, 1, 1]
    assert grants(gathered_not) == 0
    assert sweep() == 0


def test_a_tier_that_is_gone_leaves_it_to_people(desk: SimpleNamespace) -> None:
    a_rule(by=desk.ada, tier="nectar")
    Tier.objects.filter(slug="nectar").update(slug="honey")
    assert apply(waiting()) == []
    assert (AccessRequest.objects.get().state, RuleUse.objects.count()) == ("submitted", 0)
