"""What the plots of usage read: the calls of the last thirty days, allowed and refused."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import QuerySet, Sum

from accounts.models import Workspace
from tokens.gateway.reasons import REASONS
from tokens.models import Application, Token, Usage

DAYS: Final = 30
CODES_SHOWN: Final = 8
# What a refusal is about, by its status; all others are about the token, or where it came from.
LIMIT, NOT_HELD, CALLED, TOKEN = "limit", "not_held", "called", "token"
ABOUT: Final = {429: LIMIT, 402: NOT_HELD, 400: CALLED, 404: CALLED, 410: CALLED}


@dataclass(frozen=True, slots=True)
class Day:
    """`refused`: how many, by what the refusal is about."""

    date: date
    allowed: int
    refused: Counter[str]


@dataclass(frozen=True, slots=True)
class Calls:
    """The days in their order, those without a call too. `codes`: how often each reason, the most frequent first."""

    days: tuple[Day, ...]
    codes: tuple[tuple[str, int], ...]

    @property
    def allowed(self) -> int:
        return sum(day.allowed for day in self.days)

    @property
    def refused(self) -> int:
        return sum(day.refused.total() for day in self.days)

    @property
    def all(self) -> int:
        return self.allowed + self.refused

    @property
    def percent_refused(self) -> float:
        return 100 * self.refused / self.all if self.all else 0.0

    @property
    def about(self) -> Counter[str]:
        return sum((day.refused for day in self.days), Counter())

    @property
    def codes_shown(self) -> tuple[tuple[str, int], ...]:
        return self.codes[:CODES_SHOWN]

    @property
    def others(self) -> int:
        """The refusals by reasons that are not shown one by one."""
        return sum(calls for _code, calls in self.codes[CODES_SHOWN:])


def of_workspace(workspace: Workspace, today: date) -> Calls:
    return _calls(Usage.objects.filter(workspace=workspace), today)


def of_application(application: Application, today: date) -> Calls:
    return _calls(Usage.objects.filter(application=application), today)


def of_token(token: Token, today: date) -> Calls:
    return _calls(Usage.objects.filter(token=token), today)


def about(code: str) -> str:
    return ABOUT.get(REASONS[code].status, TOKEN) if code in REASONS else TOKEN


def _calls(usage: QuerySet[Usage], today: date) -> Calls:
    first = today - timedelta(days=DAYS - 1)
    rows = usage.filter(day__gte=first, day__lte=today).values_list("day", "code").annotate(counted=Sum("calls"))
    return _summed(list(rows), first)


def _summed(rows: Iterable[tuple[Any, ...]], first: date) -> Calls:
    allowed: Counter[date] = Counter()
    refused: dict[date, Counter[str]] = {first + timedelta(days=number): Counter() for number in range(DAYS)}
    codes: Counter[str] = Counter()
    for day, code, calls in rows:
        if code == "ok":
            allowed[day] += calls
        else:
            refused[day][about(code)] += calls
            codes[code] += calls
    days = tuple(Day(day, allowed[day], of_day) for day, of_day in refused.items())
    return Calls(days, tuple(sorted(codes.items(), key=lambda row: (-row[1], row[0]))))


def by_token(tokens: Iterable[Token], today: date, days: int = 14) -> dict[int, list[int]]:
    """The calls of each day of two weeks, the oldest first, by the token's primary key. One query."""
    first = today - timedelta(days=days - 1)
    found: dict[int, list[int]] = {token.pk: [0] * days for token in tokens}
    rows = Usage.objects.filter(token__in=list(found), day__gte=first, day__lte=today)
    for token, day, calls in rows.values_list("token", "day").annotate(counted=Sum("calls")):
        found[token][(day - first).days] = calls
    return found
