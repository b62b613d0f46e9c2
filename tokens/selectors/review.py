"""The review queue: which access requests wait, for whom, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from accounts.models import Membership, User
from accounts.paging import Page, beyond, page
from tokens.models import AccessRequest, Outcome
from tokens.models.requests import TO_DECIDE
from tokens.selectors.decisions import standing
from tokens.selectors.review_filters import DECIDED, PENDING, TAB_LABELS, Filters, in_tab, narrowed, order

SIZE: Final = 30
MOST_COUNTED: Final = 99
COUNTED: Final = tuple(slug for slug in TAB_LABELS if slug != DECIDED)
_ANY_MOMENT: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    label: object
    count: str


def tabs(counts: Mapping[str, str]) -> list[Tab]:
    """What was decided is not counted: there is no end to it."""
    return [Tab(slug, label, counts.get(slug, "")) for slug, label in TAB_LABELS.items()]


def counts(now: datetime) -> dict[str, str]:
    """How many each tab has, as shown: "" for none. Never counts on. One query."""
    columns, values = counting(now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", values)
        [numbers] = cursor.fetchall()
    return as_shown(numbers)


def counting(now: datetime) -> tuple[str, list[Any]]:
    """The columns that count them, for a statement that asks for more as well, and the values of those columns."""
    columns, values = _columns()
    return columns, [now if value == _ANY_MOMENT else value for value in values]


def as_shown(numbers: Sequence[int]) -> dict[str, str]:
    """Of those columns."""
    shown = (f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number or "") for number in numbers)
    return dict(zip(COUNTED, shown, strict=True))


@cache
def _columns() -> tuple[str, list[Any]]:
    """With values in which the present moment is yet to be put: they are the same for every page, and take Django
    longer to write than PostgreSQL to answer. In the order of an index: else few among many would be looked for in the
    whole table."""
    counted = (in_tab(slug, _ANY_MOMENT) for slug in COUNTED)
    ordered = (found.order_by("due_at", "id").values("pk") for found in counted)
    bounded = [found[: MOST_COUNTED + 1].query.sql_with_params() for found in ordered]
    columns = ", ".join(f"(SELECT count(*) FROM ({sql}) AS counted)" for sql, _values in bounded)  # noqa: S608
    return columns, [value for _sql, values in bounded for value in values]


def queue(filters: Filters, viewer: User, now: datetime) -> Page[AccessRequest]:
    """One page of a tab: which ones, in their order. What a row shows, `review_rows` reads."""
    found = narrowed(filters, viewer, now).only("public_id")
    return page(found, order(filters), size=SIZE, after=filters.after, before=filters.before)


def position(access_request: AccessRequest, now: datetime) -> int | None:
    """Its place among all that wait, from 1; None for what does not wait, or stands very far back."""
    if access_request.state not in TO_DECIDE or access_request.due_at is None:
        return None
    due_at = access_request.due_at
    before = in_tab(PENDING, now).filter(Q(due_at__lt=due_at) | Q(due_at=due_at, pk__lte=access_request.pk))
    # In the order of an index, which is entered at the request, and not read for all that wait.
    nearest = before.filter(due_at__lte=due_at).order_by("-due_at", "-id").values("pk")
    later = nearest[: MOST_COUNTED + 1].count()
    return later if later <= MOST_COUNTED else None


def next_to_decide(filters: Filters, after: AccessRequest, reviewer: User, now: datetime) -> AccessRequest | None:
    """The one to open after a decision, among the same filters and in the same order: the next in line, else the first.
    None of the reviewer's own workspaces, none that somebody else has claimed, and none of which the reviewer gave the
    first approval. Whoever gave that and still has the claim waits for somebody else, and keeps nobody from it."""
    keys = order(filters)
    first = standing().filter(access_request=OuterRef("pk"), outcome=Outcome.ENDORSED)
    handed_on = Exists(first.filter(by=OuterRef("claimed_by")))
    free = Q(claimed_by=None) | Q(claimed_by=reviewer) | Q(claim_ends_at__lte=now) | Q(handed_on)
    own = Membership.objects.filter(user=reviewer).values("workspace")
    waiting = narrowed(filters, reviewer, now).filter(free, state__in=TO_DECIDE)
    waiting = waiting.exclude(workspace__in=own).exclude(pk=after.pk).exclude(Exists(first.filter(by=reviewer)))
    waiting = waiting.order_by(*keys)
    return waiting.filter(beyond(after, keys)).first() or waiting.first()
