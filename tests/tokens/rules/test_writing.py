"""Rules are written, worded anew, switched and retired, each with its audit event, by administrators alone."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import AuditEvent
from tests import factories
from tests.tokens.rules.conftest import FOR_FLOWER, a_rule, turn_on
from tokens.actions.rules import create_rule, edit_rule, retire_rule, switch_off, switch_on
from tokens.models import ReviewGroup, Rule, RuleVersion

pytestmark = pytest.mark.django_db


def edited(version: RuleVersion, by: Any, **changed: Any) -> RuleVersion:
    rule = version.rule
    values = {
        "name": rule.name,
        "position": rule.position,
        "conditions": version.conditions,
        "actions": version.actions,
    }
    return edit_rule(rule=rule, by=by, **(values | changed))


def events() -> list[str]:
    found = AuditEvent.objects.filter(action__startswith="rule.", workspace=None).order_by("id")
    return list(found.values_list("action", flat=True))


def test_a_rule_lives_from_its_first_version_to_its_end(desk: SimpleNamespace) -> None:
    first = a_rule(by=desk.ada, on=False)
    assert Rule.objects.get().active is None
    turn_on(first, desk.ada)
    second = edited(first, desk.ada, conditions=[FOR_FLOWER, {"field": "never_rejected", "value": True}])
    assert (second.number, Rule.objects.get().active) == (2, first)
    turn_on(second, desk.ada)
    rule = switch_off(rule=second.rule, by=desk.ada)
    assert switch_off(rule=rule, by=desk.ada).active is None
    retire_rule(rule=rule, by=desk.ada)
    with pytest.raises(Conflict, match="retired"):
        switch_on(rule=rule, number=2, seen=None, by=desk.ada)
    names = ["created", "switched_on", "edited", "switched_on", "switched_off", "retired"]
    assert events() == [f"rule.{name}" for name in names]
    told = AuditEvent.objects.filter(action="rule.switched_on").order_by("-id")[0]
    assert (told.before["rule_version"], told.after["rule_version"]) == (1, 2)


def test_what_a_version_says_is_never_changed(desk: SimpleNamespace) -> None:
    version = a_rule(by=desk.ada)
    with pytest.raises(DatabaseError), transaction.atomic():
        RuleVersion.objects.filter(pk=version.pk).update(conditions=[])


def test_a_new_name_or_place_makes_no_version(desk: SimpleNamespace) -> None:
    version = a_rule(by=desk.ada)
    same = edited(version, desk.ada, name="Schools", position=7)
    assert same == version
    rule = Rule.objects.get()
    assert (rule.name, rule.position) == ("Schools", 7)
    edited(version, desk.ada, name="Schools", position=7)
    assert events().count("rule.edited") == 1


def test_retiring_what_is_on_switches_it_off_first(desk: SimpleNamespace) -> None:
    rule = retire_rule(rule=a_rule(by=desk.ada).rule, by=desk.ada)
    assert (rule.active, rule.retired_at is None) == (None, False)
    assert events()[-2:] == ["rule.switched_off", "rule.retired"]


def test_what_was_switched_meanwhile_is_looked_at_again(desk: SimpleNamespace) -> None:
    version = a_rule(by=desk.ada)
    second = edited(version, desk.ada, conditions=[{"field": "tier", "value": ["nectar"]}])
    with pytest.raises(Conflict, match="switched meanwhile"):
        switch_on(rule=version.rule, number=second.number, seen=None, by=desk.ada)
    assert Rule.objects.get().active == version


@pytest.mark.parametrize("role", ["maintainer", "auditor", "person"])
def test_nobody_else_writes_or_switches(desk: SimpleNamespace, role: str) -> None:
    version, by = a_rule(by=desk.ada), getattr(factories, role)()
    doings = [
        lambda: a_rule(by=by),
        lambda: edited(version, by),
        lambda: switch_on(rule=version.rule, number=1, seen=1, by=by),
        lambda: switch_off(rule=version.rule, by=by),
        lambda: retire_rule(rule=version.rule, by=by),
    ]
    for do in doings:
        with pytest.raises(NotAllowed):
            do()


@pytest.mark.parametrize(
    ("conditions", "field"),
    [
        ([], None),
        ([{"field": "moon_phase", "value": True}], None),
        ([FOR_FLOWER, FOR_FLOWER], None),
        ([FOR_FLOWER, {"field": "model", "value": ["*"]}], "model"),
        ([{"field": "tier", "value": []}], "tier"),
        ([{"field": "tier", "value": [1]}], "tier"),
        ([{"field": "calls", "value": -1}], "calls"),
        ([{"field": "calls", "value": 2**40}], "calls"),
        ([{"field": "calls", "value": "5"}], "calls"),
        ([{"field": "calls", "value": True}], "calls"),
        ([{"field": "refused_share", "value": 101}], "refused_share"),
        ([{"field": "paid", "value": {"amount": 5}}], "paid"),
        ([{"field": "second_factor", "value": False}], "second_factor"),
    ],
)
def test_conditions_that_say_nothing_are_refused(
    desk: SimpleNamespace, conditions: list[dict[str, Any]], field: str | None
) -> None:
    with pytest.raises(Invalid) as refused:
        create_rule(name="R", effect="approve", position=1, conditions=conditions, actions={}, by=desk.ada)
    assert refused.value.field == field
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("effect", "actions", "field"),
    [
        ("approve", {"tier": "anonymous"}, "give_tier"),
        ("approve", {"tier": "gone"}, "give_tier"),
        ("approve", {"days": 0}, "days"),
        ("approve", {"limits": {"requests_per_minute": 0}}, "requests_per_minute"),
        ("route", {}, "group"),
        ("route", {"group": "0123456789ab"}, "group"),
        ("route", {"person": "0123456789ab"}, "person"),
    ],
)
def test_what_cannot_be_done_is_refused(
    desk: SimpleNamespace, effect: str, actions: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        a_rule(by=desk.ada, effect=effect, **actions)
    assert refused.value.field == field


def test_a_rule_routes_to_reviewers_alone(desk: SimpleNamespace) -> None:
    group = ReviewGroup.objects.create(name="Payments")
    a_rule(by=desk.ada, effect="route", group=group.public_id, person=desk.mika.public_id)
    with pytest.raises(Invalid):
        a_rule(by=desk.ada, effect="route", person=factories.auditor().public_id)
