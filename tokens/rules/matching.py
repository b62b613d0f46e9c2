"""Whether a version of a rule fits what is known of an access request, condition by condition. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tokens.models.rules import RuleEffect, RuleVersion
from tokens.rules.conditions import CONDITIONS, Answer, Condition, Facts, Part, answer

_ONE_IS_ENOUGH: Final = gettext_lazy("one approval is enough")
_OUTSIDERS: Final = gettext_lazy("nobody behind the rule belongs to the workspace")
_IN_GOOD_STANDING: Final = gettext_lazy("nothing of the applicant's is suspended")


@dataclass(frozen=True, slots=True)
class Check:
    """One condition, as it is stored, with what came of it. It is put in words only where they are read, since a
    preview makes thousands. `always` says what no rule can leave out, which has no condition."""

    answer: Answer
    row: Mapping[str, Any]
    facts: Facts
    always: Promise | str = ""

    @property
    def field(self) -> str:
        return "" if self.always else self.row["field"]

    @property
    def words(self) -> str:
        return str(self.always) or _words(self.row)

    @property
    def found(self) -> str:
        if self.always:
            return ""
        condition = _known(self.row)
        if condition is None:
            return _("not known in this version of the platform")
        found = condition.found(self.facts)
        return _("could not be checked") if self.answer is Answer.UNKNOWN and not found else found


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


def _check(row: Mapping[str, Any], facts: Facts) -> Check:
    """A condition that this release does not know is never fulfilled."""
    condition = _known(row)
    return Check(condition.test(facts, row["value"]) if condition else Answer.UNKNOWN, row, facts)


def _known(row: Mapping[str, Any]) -> Condition | None:
    condition = CONDITIONS.get(row["field"])
    return condition if condition and condition.sign == row["is"] else None


def _words(row: Mapping[str, Any]) -> str:
    condition = _known(row)
    return condition.words(row["value"]) if condition else f"{row['field']} {row['is']} {row['value']}"


def _always(facts: Facts, behind: set[int]) -> list[Check]:
    return [
        Check(answer(facts.approvals_needed == 1), {}, facts, _ONE_IS_ENOUGH),
        Check(answer(not behind & facts.insiders), {}, facts, _OUTSIDERS),
        Check(answer(not facts.suspended), {}, facts, _IN_GOOD_STANDING),
    ]
