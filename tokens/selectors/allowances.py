"""What was spent of the allowances of this UTC day and month, and of packs, as the folded usage has it: some seconds
late, and in calls."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import F, Q, QuerySet

from accounts.models import Workspace
from tiers.entitlements import Standing
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.models import Grant
from tiers.selectors.packs import with_calls_left
from tokens.gateway import limits
from tokens.gateway.limits import CALL, Scope
from tokens.models import AllowanceSpent, Application, LimitOverride, Period, Token

NEARLY_SPENT: Final = 80  # percent


@dataclass(frozen=True, slots=True)
class Allowance:
    """`limit`: None where there is none. `name`: of the application, token or workspace whose allowance it is, with its
    public id as `subject`."""

    scope: Scope
    subject: str
    name: str
    period: Period
    limit: int | None
    spent: float

    @property
    def percent(self) -> float:
        return 100 * self.spent / self.limit if self.limit else 0.0

    @property
    def tone(self) -> str:
        return "warn" if self.percent >= NEARLY_SPENT else ""


@dataclass(frozen=True, slots=True)
class _Subject:
    scope: Scope
    public_id: str
    name: str
    limits: LimitFacts


def of_applications(
    workspace: Workspace, applications: Iterable[Application], stands: Mapping[int, Standing], now: datetime
) -> list[Allowance]:
    """Of each application, and of the workspace where staff gave it limits of its own. Two queries."""
    overrides = _overrides(workspace)
    subjects = [_application(application, stands[application.pk], overrides) for application in applications]
    return _allowances(workspace, [*subjects, *_workspace(workspace, overrides)], now)


def of_token(token: Token, stands: Standing, now: datetime) -> list[Allowance]:
    """Of the token where its holder capped it, of its application, and of its workspace. Two queries."""
    overrides = _overrides(token.workspace)
    subjects = [_Subject(Scope.TOKEN, token.public_id, token.name, token.limit_facts)] if _is_capped(token) else []
    subjects += [_application(token.application, stands, overrides), *_workspace(token.workspace, overrides)]
    return _allowances(token.workspace, subjects, now)


def nearest_to_their_end(allowances: Iterable[Allowance]) -> list[Allowance]:
    """Of each subject the one of which most is spent, those first of which most is."""
    nearest: dict[str, Allowance] = {}
    for one in sorted(allowances, key=lambda one: -one.percent):
        nearest.setdefault(one.subject, one)
    return list(nearest.values())


def packs(workspace: Workspace, now: datetime) -> QuerySet[Grant]:
    """The packs that may be spent, the soonest to end first."""
    found = Grant.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), workspace=workspace, revoked_at=None)
    return with_calls_left(found.exclude(calls=None)).order_by(F("ends_at").asc(nulls_last=True), "pk")


def _application(application: Application, stands: Standing, overrides: Mapping[int | None, LimitFacts]) -> _Subject:
    facts = limits.of_application(overrides.get(application.pk, NO_LIMITS), stands)
    return _Subject(Scope.APPLICATION, application.public_id, application.name, facts)


def _workspace(workspace: Workspace, overrides: Mapping[int | None, LimitFacts]) -> list[_Subject]:
    facts = overrides.get(None)
    return [_Subject(Scope.WORKSPACE, workspace.public_id, workspace.name, facts)] if facts else []


def _is_capped(token: Token) -> bool:
    return token.requests_per_day is not None or token.requests_per_month is not None


def _overrides(workspace: Workspace) -> dict[int | None, LimitFacts]:
    return {row.application_id: row.limit_facts for row in LimitOverride.objects.filter(workspace=workspace)}


def _allowances(workspace: Workspace, subjects: list[_Subject], now: datetime) -> list[Allowance]:
    spent = _spent(workspace, subjects, now)
    return [
        Allowance(of.scope, of.public_id, of.name, period, limit, spent.get((of.scope, of.public_id, period), 0))
        for of in subjects
        for period, limit in _periods(of)
    ]


def _periods(subject: _Subject) -> list[tuple[Period, int | None]]:
    """Those that are limited; of an application without any its month, so that it can be seen what it used."""
    both: tuple[tuple[Period, int | None], ...] = (
        (Period.DAY, subject.limits.per_day),
        (Period.MONTH, subject.limits.per_month),
    )
    limited = [one for one in both if one[1] is not None]
    return [both[1]] if subject.scope == Scope.APPLICATION and not limited else limited


def _spent(workspace: Workspace, subjects: list[_Subject], now: datetime) -> dict[tuple[str, str, str], float]:
    """Packs are more of an application's allowance, so what they paid for is not spent of it."""
    today: date = now.date()
    current = Q(period=Period.DAY, starts_on=today) | Q(period=Period.MONTH, starts_on=today.replace(day=1))
    rows = AllowanceSpent.objects.filter(current, subject__in=[subject.public_id for subject in subjects])
    return {
        (row.scope, row.subject, row.period): (row.units - (row.pack_units if row.scope == Scope.APPLICATION else 0))
        / CALL
        for row in rows.filter(workspace=workspace)
    }
