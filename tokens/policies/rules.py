"""Who may write rules of the review desk, and what a rule may say."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from accounts.roles import Permission, may, require
from tiers.limit_rules import as_columns, as_facts, check_limits
from tiers.models import Tier
from tokens.models import ReviewGroup, Rule, RuleEffect
from tokens.rules.conditions import CONDITIONS, Takes

MOST_DAYS: Final = 3650
MOST: Final = 2**31 - 1
_LISTS: Final = (Takes.TIERS, Takes.MODELS, Takes.SIGNALS, Takes.LANGUAGES)


def check_manage(by: User) -> None:
    require(by, Permission.REVIEW_MANAGE)


def check_not_retired(rule: Rule) -> None:
    if rule.retired_at is not None:
        raise Conflict(_("This rule is retired."))


def check_active(rule: Rule, seen: int | None) -> None:
    """`seen`: the number of the version that was on when the page was shown."""
    on = rule.active.number if rule.active else None
    if on != seen:
        raise Conflict(_("This rule was switched meanwhile. Look at it again, then decide."))


def check_conditions(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As they are stored. At least one, each once, each with a value of its kind."""
    if not rows:
        raise Invalid(_("Choose at least one condition: a rule that asks for nothing fits nothing."))
    fields = [str(row.get("field", "")) for row in rows]
    if len(set(fields)) < len(fields):
        raise Invalid(_("Each condition can be there once."))
    if {"tier", "model"} <= set(fields):
        raise Invalid(_("An access request asks for a tier or for a model, never for both."), field="model")
    return [_condition(row) for row in rows]


def _condition(row: Mapping[str, Any]) -> dict[str, Any]:
    condition = CONDITIONS.get(row.get("field", ""))
    if condition is None:
        raise Invalid(_("There is no such condition."))
    value = row.get("value")
    if not _fits(condition.takes, value):
        raise Invalid(_("Fill in what this condition needs."), field=condition.field)
    return {"field": condition.field, "is": condition.sign, "value": value}


def _fits(takes: Takes, value: Any) -> bool:
    if takes is Takes.NOTHING:
        return value is True
    if takes in _LISTS:
        return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
    if takes is Takes.MONEY:
        return isinstance(value, dict) and value.keys() == {"amount", "currency"} and _is_number(value["amount"], MOST)
    return _is_number(value, 100 if takes is Takes.PERCENT else MOST)


def _is_number(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def check_actions(effect: str, actions: Mapping[str, Any]) -> dict[str, Any]:
    """As they are stored."""
    return _approval(actions) if effect == RuleEffect.APPROVE else _routing(actions)


def _approval(actions: Mapping[str, Any]) -> dict[str, Any]:
    tier, days = actions.get("tier") or "", actions.get("days")
    if tier and tier not in [one.slug for one in tiers_to_give()]:
        raise Invalid(_("There is no such tier to give."), field="give_tier")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise Invalid(_("From 1 to %(most)d days. Leave it empty for no end.") % {"most": MOST_DAYS}, field="days")
    limits = as_facts(dict(actions.get("limits") or {}))
    check_limits(limits)
    told = {name: value for name, value in as_columns(limits).items() if value is not None}
    return {"tier": tier, "days": days, "limits": told}


def _routing(actions: Mapping[str, Any]) -> dict[str, Any]:
    group, person, escalate = actions.get("group") or "", actions.get("person") or "", bool(actions.get("escalate"))
    if not (group or person or escalate):
        raise Invalid(_("Say where it goes: to a group, to a person, or before others at once."), field="group")
    if group and not ReviewGroup.objects.filter(public_id=group).exists():
        raise Invalid(_("There is no such group."), field="group")
    if person:
        check_reviewer(User.objects.filter(public_id=person).first())
    return {"group": group, "person": person, "escalate": escalate}


def check_reviewer(person: User | None) -> None:
    if person is None or not person.is_active or not may(person, Permission.REVIEW_DECIDE):
        raise Invalid(_("This person does not review."), field="person")


def tiers_to_give() -> list[Tier]:
    """All but the lowest, which is everybody's."""
    return list(Tier.objects.order_by("rank"))[1:]


def may_manage(user: User) -> bool:
    try:
        check_manage(user)
    except NotAllowed:
        return False
    return True
