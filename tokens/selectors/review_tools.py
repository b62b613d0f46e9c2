"""What stands around the rows of the queue: how many each tab has, whom and which group it can be filtered by, the
saved views, and which of the viewer's own decisions is new enough to be taken back. One statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from accounts.models import User
from accounts.names import seen
from tokens.review_terms import UNDO_FOR
from tokens.selectors.decisions import STANDS
from tokens.selectors.review import as_shown, counting
from tokens.selectors.reviewers import ROLES, SHOWN_NAME
from tokens.selectors.saved_views import MOST as MOST_VIEWS

Choice = tuple[str, str]
MOST_PEOPLE: Final = 200

_TOOLS: Final = f"""
ARRAY(SELECT ARRAY[public_id, {SHOWN_NAME}] FROM accounts_user
       WHERE role = ANY(%s) AND is_active AND id <> %s ORDER BY name, id LIMIT %s),
ARRAY(SELECT ARRAY[public_id, name] FROM tokens_reviewgroup ORDER BY name),
ARRAY(SELECT ARRAY[name, query, CASE WHEN shared THEN 'shared' ELSE '' END] FROM tokens_savedview
       WHERE owner_id = %s OR shared ORDER BY name, id LIMIT %s),
(SELECT id FROM tokens_decision WHERE by_id = %s AND at > %s
    AND {STANDS} ORDER BY at DESC, id DESC LIMIT 1)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class View:
    """A saved view, as the list of them shows it. `shared` is empty for one that only its owner sees."""

    name: str
    query: str
    shared: str


@dataclass(frozen=True, slots=True)
class Tools:
    """`people` may decide; the viewer is none of them. `decision`: the primary key of what can be undone, if any."""

    counts: dict[str, str]
    people: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    views: list[View]
    decision: int | None


def tools(viewer: User, now: datetime) -> Tools:
    columns, values = counting(now)
    values += [ROLES, viewer.pk, MOST_PEOPLE, viewer.pk, MOST_VIEWS, viewer.pk, now - UNDO_FOR]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}, {_TOOLS}", values)
        [(*numbers, people, groups, views, decision)] = cursor.fetchall()
    return Tools(
        counts=as_shown(numbers),
        people=tuple((public_id, seen(name)) for public_id, name in people),
        groups=tuple((public_id, name) for public_id, name in groups),
        views=[View(*view) for view in views],
        decision=decision,
    )
