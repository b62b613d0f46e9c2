"""The versions of rules that are on, in the order in which they are tried, and who stands for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import AuditEvent
from tokens.models import Rule, RuleVersion
from tokens.rules.conditions import Facts
from tokens.rules.matching import Verdict, matches


@dataclass(frozen=True, slots=True)
class Standing:
    """A version that is on, and who stands for it: nothing of theirs is decided by it."""

    version: RuleVersion
    behind: frozenset[int]

    def verdict(self, facts: Facts) -> Verdict:
        return matches(facts, self.version, self.behind)


def standing_rules() -> list[Standing]:
    """What is on, in the order in which it is tried. Two queries."""
    on = RuleVersion.objects.filter(active_in__isnull=False).select_related("rule")
    versions = list(on.order_by("rule__position", "rule__pk"))
    behind = people_behind([version.rule for version in versions]) if versions else {}
    return [Standing(version, behind[version.rule.public_id]) for version in versions]


def people_behind(rules: Sequence[Rule]) -> dict[str, frozenset[int]]:
    """By the rule's public id, the primary key of who switched it on last, if anybody did."""
    events = AuditEvent.objects.filter(
        subject_type="Rule", subject_id__in=[rule.public_id for rule in rules], action="rule.switched_on"
    )
    rows = events.order_by("subject_id", "-id").distinct("subject_id").values_list("subject_id", "actor")
    found = {rule: frozenset({actor}) for rule, actor in rows if actor is not None}
    return {rule.public_id: found.get(rule.public_id, frozenset()) for rule in rules}
