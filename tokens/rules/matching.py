"""Whether a version of a rule fits what is known of an access request, condition by condition. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tokens.models.rules import RuleEffect, RuleVersion
from tokens.rules.conditions import CONDITIONS, Answer, Facts, Part, answer


@dataclass(frozen=True, slots=True)
class Check:
    """One condition with what came of it, in words. `field` is empty for what no rule can leave out."""

    field: str
    words: str
    answer: Answer
    found: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    checks: tuple[Check, ...]

    @property
    def matches(self) -> bool:
        """A rule that asks for nothing fits nothing, rather than everything."""
        asked = any(check.field for check in self.checks)
        return asked and all(check.answer is Answer.YES for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.answer is not Answer.YES)


def matches(facts: Facts, version: RuleVersion, behind: Iterable[int] = ()) -> Verdict:
    """Try all conditions. `behind`: who stands for the version, beside its author; what no reviewer may decide, because
    they belong to the workspace that asks, no rule of theirs decides either."""
    checks = [_check(row, facts) for row in version.conditions]
    if version.rule.effect == RuleEffect.APPROVE:
        checks += _always(facts, {version.created_by_id, *behind})
    return Verdict(tuple(checks))


def described(version: RuleVersion) -> list[str]:
    """The conditions in words."""
    return [_words(row) for row in version.conditions]


def parts_of(versions: Iterable[RuleVersion]) -> frozenset[Part]:
    """What has to be read for trying these versions."""
    asked = (CONDITIONS.get(row["field"]) for version in versions for row in version.conditions)
    return frozenset(condition.part for condition in asked if condition and condition.part)


def _check(row: dict[str, Any], facts: Facts) -> Check:
    """A condition that this release does not know is never fulfilled."""
    condition = CONDITIONS.get(row["field"])
    if condition is None or condition.sign != row["is"]:
        return Check(row["field"], _words(row), Answer.UNKNOWN, _("not known in this version of the platform"))
    result = condition.test(facts, row["value"])
    found = condition.found(facts)
    if result is Answer.UNKNOWN and not found:
        found = _("could not be checked")
    return Check(row["field"], _words(row), result, found)


def _words(row: dict[str, Any]) -> str:
    condition = CONDITIONS.get(row["field"])
    if condition is None or condition.sign != row["is"]:
        return f"{row['field']} {row['is']} {row['value']}"
    return condition.words(row["value"])


def _always(facts: Facts, behind: set[int]) -> list[Check]:
    return [
        Check("", _("one approval is enough"), answer(facts.approvals_needed == 1)),
        Check("", _("nobody behind the rule belongs to the workspace"), answer(not behind & facts.insiders)),
        Check("", _("nothing of the applicant's is suspended"), answer(not facts.suspended)),
    ]
