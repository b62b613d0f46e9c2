"""How the demo's review desk works: its groups and terms, and what was brought before others by now."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from accounts import demo
from tiers.models import Tier
from tokens.actions.escalating import escalate_due
from tokens.actions.review_groups import make_group
from tokens.actions.review_terms import set_terms
from tokens.demo.story import Stage, Step, Table, read, span
from tokens.models import ReviewGroup

_ESCALATED: Final = timedelta(minutes=2)


def steps(stage: Stage) -> Iterator[Step]:
    told, groups = read("desk"), dict[str, ReviewGroup]()
    for group in told["groups"]:
        yield Step(span(group["made"]), partial(_group, stage, groups, group))
    for terms in told["terms"]:
        yield Step(span(terms["set"]), partial(_terms, stage, groups, terms))
    yield Step(_ESCALATED, partial(escalate_due, by=demo.BY))


def _group(stage: Stage, groups: dict[str, ReviewGroup], told: Table) -> None:
    members = [stage.people[key] for key in told["members"]]
    groups[told["key"]] = make_group(name=told["name"], members=members, by=stage.administrator)


def _terms(stage: Stage, groups: dict[str, ReviewGroup], told: Table) -> None:
    set_terms(
        tier=Tier.objects.get(slug=told["tier"]) if "tier" in told else None,
        target_hours=told["target_hours"],
        escalate_hours=told.get("escalate_hours"),
        approvals=told["approvals"],
        group=groups[told["group"]] if "group" in told else None,
        escalation_group=groups[told["escalation_group"]] if "escalation_group" in told else None,
        by=stage.administrator,
    )
