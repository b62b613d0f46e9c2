"""The figures of the review desk: what waits, and how long decisions took and what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import User
from tiers.models import Tier
from tokens.models import RequestState
from tokens.selectors.review_reckoning import DECIDED
from tokens.selectors.usual_times import in_words, usual_time

__all__ = ["SPANS", "Figures", "figures", "in_words", "usual_time"]

SPANS: Final = (7, 30, 90, 365)
# Over a longer span a bar is a week.
MOST_BARS: Final = 92

_LINES: Final = f"""{DECIDED}
SELECT grouping(decided_by_id), grouping(tier_id), grouping(state), decided_by_id, tier_id, state, count(*),
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY seconds), count(*) FILTER (WHERE in_time)
  FROM decided GROUP BY GROUPING SETS ((), (decided_by_id), (tier_id), (state))
 ORDER BY count(*) DESC, decided_by_id, tier_id, state
"""  # noqa: S608
_BARS: Final = """
SELECT date_trunc(%(step)s, decided_at AT TIME ZONE 'UTC')::date, count(*) FILTER (WHERE state = 'approved'),
       count(*) FILTER (WHERE state = 'rejected')
  FROM tokens_accessrequest WHERE state IN ('approved', 'rejected') AND decided_at >= %(since)s GROUP BY 1
"""
_MADE: Final = """
SELECT count(*) FILTER (WHERE outcome IN ('approved', 'rejected')),
       count(*) FILTER (WHERE outcome = 'changes_requested' AND undone_at IS NULL),
       count(*) FILTER (WHERE outcome IN ('approved', 'rejected') AND undone_at IS NOT NULL),
       count(*) FILTER (WHERE outcome IN ('approved', 'rejected') AND reopened_at IS NOT NULL)
  FROM tokens_decision WHERE at >= %(since)s
"""
_WAITING: Final = """
WITH open AS (
    SELECT tier_id, %(now)s - submitted_at AS age, due_at < %(now)s AS over, escalated_at IS NOT NULL AS escalated,
           state = 'changes_requested' AS asked,
           snoozed_at IS NOT NULL AND (snoozed_until IS NULL OR snoozed_until > %(now)s) AS snoozed
      FROM tokens_accessrequest WHERE state IN ('submitted', 'in_review', 'changes_requested')
)
SELECT tier_id, count(*) FILTER (WHERE NOT asked AND age < interval '1 day'),
       count(*) FILTER (WHERE NOT asked AND age >= interval '1 day' AND age < interval '2 days'),
       count(*) FILTER (WHERE NOT asked AND age >= interval '2 days' AND age < interval '7 days'),
       count(*) FILTER (WHERE NOT asked AND age >= interval '7 days'),
       count(*) FILTER (WHERE NOT asked AND over), count(*) FILTER (WHERE NOT asked AND escalated),
       count(*) FILTER (WHERE NOT asked AND snoozed), count(*) FILTER (WHERE asked)
  FROM open GROUP BY tier_id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of one kind, now: by age, and how many of them are past their time, were brought to others, are snoozed.
    `asked` wait for their applicant, and are none of the others. `tier` is empty for models."""

    tier: str
    ages: tuple[int, int, int, int]
    over: int
    escalated: int
    snoozed: int
    asked: int

    @property
    def total(self) -> int:
        return sum(self.ages)


@dataclass(frozen=True, slots=True)
class Line:
    """Of some decisions: how many, how long they took, how many came in time. `tier` where they are a tier's."""

    name: str
    number: int
    median: timedelta
    ninetieth: timedelta
    in_time: int
    tier: str = ""

    @property
    def percent_in_time(self) -> float:
        return 100 * self.in_time / self.number


@dataclass(frozen=True, slots=True)
class Bar:
    """Decisions that stand, of the day or of the week that begins at `date`."""

    date: date
    approved: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """`final` are approvals and rejections, whatever became of them."""

    final: int
    asked: int
    undone: int
    reopened: int

    @property
    def percent_undone(self) -> float:
        return 100 * self.undone / self.final if self.final else 0.0

    @property
    def percent_reopened(self) -> float:
        return 100 * self.reopened / self.final if self.final else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    days: int
    waiting: list[Waiting]
    whole: Line | None
    reviewers: list[Line]
    kinds: list[Line]
    outcomes: list[Line]
    made: Made
    bars: list[Bar]

    @property
    def weekly(self) -> bool:
        return self.days > MOST_BARS

    @property
    def waiting_in_all(self) -> int:
        return sum(row.total for row in self.waiting)

    @property
    def most_waiting(self) -> int:
        """Of one kind, for the scale."""
        return max((row.total for row in self.waiting), default=0)

    @property
    def over_in_all(self) -> int:
        return sum(row.over for row in self.waiting)

    @property
    def slowest(self) -> timedelta:
        """The longest that is drawn."""
        lines = [*self.reviewers, *self.kinds, *self.outcomes]
        return max((line.ninetieth for line in lines), default=timedelta(0))


def figures(days: int, now: datetime) -> Figures:
    """Of the last `days`. Six queries, however many requests, reviewers and tiers there are."""
    since = (now - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    tiers = {tier.pk: tier.slug for tier in Tier.objects.order_by("rank")}
    rows = _rows(_LINES, since=since)
    people = User.objects.in_bulk({row[3] for row in rows if row[3] is not None})
    names = {pk: person.display_name for pk, person in people.items()}
    [made] = _rows(_MADE, since=since)
    return Figures(
        days=days,
        waiting=_waiting(now, tiers),
        whole=next((_line(row, "") for row in rows if row[:3] == (1, 1, 1) and row[6]), None),
        reviewers=[_line(row, names.get(row[3]) or _("a rule")) for row in rows if not row[0]],
        kinds=[_line(row, _("models"), tiers.get(row[4], "")) for row in rows if not row[1]],
        outcomes=[_line(row, str(RequestState(row[5]).label)) for row in rows if not row[2]],
        made=Made(*made),
        bars=_bars(since, now, days),
    )


def _rows(statement: str, **values: datetime | str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _line(row: tuple[Any, ...], name: str, tier: str = "") -> Line:
    median, ninetieth = (timedelta(seconds=float(seconds)) for seconds in row[7])
    return Line(name, row[6], median, ninetieth, row[8], tier)


def _waiting(now: datetime, tiers: dict[int, str]) -> list[Waiting]:
    """In the order of the ladder, models last."""
    found = {row[0]: row for row in _rows(_WAITING, now=now)}
    order: Iterable[int | None] = [*tiers, None]
    rows = [found[pk] for pk in order if pk in found]
    return [Waiting(tiers.get(row[0], ""), row[1:5], *row[5:]) for row in rows]


def _bars(since: datetime, now: datetime, days: int) -> list[Bar]:
    """One a day or a week, the empty ones too."""
    step = 7 if days > MOST_BARS else 1
    found = {row[0]: Bar(*row) for row in _rows(_BARS, since=since, step="week" if step == 7 else "day")}
    first = since.date() - timedelta(days=since.weekday() if step == 7 else 0)
    number = (now.date() - first).days // step + 1
    dates = [first + timedelta(days=step * n) for n in range(number)]
    return [found.get(day) or Bar(day) for day in dates]
