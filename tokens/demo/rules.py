"""The demo's rules: one that is on, and one whose preview somebody has yet to look at."""

from collections.abc import Iterator
from functools import partial

from tokens.actions.rules import create_rule, switch_on
from tokens.demo.story import Stage, Step, Table, read, span
from tokens.models import ReviewGroup, RuleVersion


def steps(stage: Stage) -> Iterator[Step]:
    made: dict[str, RuleVersion] = {}
    for told in read("rules")["rules"]:
        yield Step(span(told["made"]), partial(_make, stage, made, told))
        if "on" in told:
            yield Step(span(told["on"]), partial(_switch_on, stage, made, told))


def _make(stage: Stage, made: dict[str, RuleVersion], told: Table) -> None:
    actions: Table = {"days": told["days"]} if "days" in told else {}
    if "group" in told:
        actions["group"] = ReviewGroup.objects.get(name=told["group"]).public_id
    made[told["name"]] = create_rule(
        name=told["name"],
        effect=told["effect"],
        position=told["position"],
        conditions=told["conditions"],
        actions=actions,
        by=stage.administrator,
    )


def _switch_on(stage: Stage, made: dict[str, RuleVersion], told: Table) -> None:
    version = made[told["name"]]
    switch_on(rule=version.rule, number=version.number, seen=None, by=stage.administrator)
