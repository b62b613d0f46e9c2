"""Rules of the review desk: written, worded anew, switched on and off, retired. What they say is never edited: another
wording is another version, and the one that is on stays on until somebody switches to another."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.errors import NotFound
from accounts.models import User
from tokens.models import Rule, RuleEffect, RuleVersion
from tokens.policies import rules as policies
from tokens.wording import clean_name

MOST_IN_NAME = 100


@transaction.atomic
def create_rule(
    *,
    name: str,
    effect: str,
    position: int,
    conditions: Sequence[Mapping[str, Any]],
    actions: Mapping[str, Any],
    by: User,
) -> RuleVersion:
    """A new rule with its first version, switched off."""
    policies.check_manage(by)
    told = policies.check_conditions(conditions)
    does = policies.check_actions(effect, actions)
    rule = Rule.objects.create(
        name=clean_name(name, most=MOST_IN_NAME), effect=RuleEffect(effect), position=position, created_by=by
    )
    version = RuleVersion.objects.create(rule=rule, number=1, conditions=told, actions=does, created_by=by)
    after = {"name": rule.name, "effect": rule.effect, "position": position, **_told(version)}
    audit.record("rule.created", rule, by=by, workspace=None, after=after)
    return version


@transaction.atomic
def edit_rule(
    *,
    rule: Rule,
    name: str,
    position: int,
    conditions: Sequence[Mapping[str, Any]],
    actions: Mapping[str, Any],
    by: User,
) -> RuleVersion:
    """Name and place change at once; what it says becomes a version of its own, off until it is switched on. Returns
    the newest version, which is the old one where nothing else is said."""
    policies.check_manage(by)
    rule = _locked(rule)
    policies.check_not_retired(rule)
    newest = newest_version(rule)
    told = policies.check_conditions(conditions)
    does = policies.check_actions(rule.effect, actions)
    before: dict[str, Any] = {"name": rule.name, "position": rule.position}
    after: dict[str, Any] = {"name": clean_name(name, most=MOST_IN_NAME), "position": position}
    version = newest
    if (told, does) != (newest.conditions, newest.actions):
        version = RuleVersion.objects.create(
            rule=rule, number=newest.number + 1, conditions=told, actions=does, created_by=by
        )
        before |= _told(newest)
        after |= _told(version)
    if before != after:
        Rule.objects.filter(pk=rule.pk).update(name=after["name"], position=position)
        audit.record("rule.edited", rule, by=by, workspace=None, before=before, after=after)
    return version


@transaction.atomic
def switch_on(*, rule: Rule, number: int, seen: int | None, by: User) -> Rule:
    """From now on this version decides. `seen`: the number of the one that was on when its preview was looked at."""
    policies.check_manage(by)
    rule = _locked(rule)
    policies.check_not_retired(rule)
    policies.check_active(rule, seen)
    version = RuleVersion.objects.filter(rule=rule, number=number).first()
    if version is None:
        raise NotFound
    if rule.active_id == version.pk:
        return rule
    return _switch(rule, version, "rule.switched_on", by)


@transaction.atomic
def switch_off(*, rule: Rule, by: User) -> Rule:
    """At once: what the rule is about to do when this commits, it does not do any more."""
    policies.check_manage(by)
    rule = _locked(rule)
    return rule if rule.active_id is None else _switch(rule, None, "rule.switched_off", by)


@transaction.atomic
def retire_rule(*, rule: Rule, by: User) -> Rule:
    """Off, and out of the list, for good. Its uses stay to be read."""
    policies.check_manage(by)
    rule = _locked(rule)
    policies.check_not_retired(rule)
    if rule.active_id is not None:
        rule = _switch(rule, None, "rule.switched_off", by)
    Rule.objects.filter(pk=rule.pk).update(retired_at=Now())
    audit.record("rule.retired", rule, by=by, workspace=None, before={"retired": False}, after={"retired": True})
    return _read(rule.pk)


def newest_version(rule: Rule) -> RuleVersion:
    return RuleVersion.objects.filter(rule=rule).select_related("rule", "created_by").latest("number")


def _switch(rule: Rule, version: RuleVersion | None, event: str, by: User) -> Rule:
    Rule.objects.filter(pk=rule.pk).update(active=version)
    before, after = ({"rule_version": one.number if one else None} for one in (rule.active, version))
    audit.record(event, rule, by=by, workspace=None, before=before, after=after)
    return _read(rule.pk)


def _told(version: RuleVersion) -> dict[str, Any]:
    return {"rule_version": version.number, "conditions": version.conditions, "actions": version.actions}


def _locked(rule: Rule) -> Rule:
    Rule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    return _read(rule.pk)


def _read(pk: int) -> Rule:
    return Rule.objects.select_related("active", "created_by").get(pk=pk)
