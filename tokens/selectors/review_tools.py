"""What the tools above the queue know, whatever waits: whom and which group it can be filtered by, the saved views, and
which of the viewer's own decisions is new enough to be taken back. One statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from accounts.models import User
from tokens.review_terms import UNDO_FOR
from tokens.selectors.reviewers import ROLES
from tokens.selectors.saved_views import MOST as MOST_VIEWS

Choice = tuple[str, str]
MOST_PEOPLE: Final = 200

_TOOLS: Final = """
SELECT ARRAY(SELECT ARRAY[public_id, coalesce(nullif(name, ''), split_part(email, '@', 1))] FROM accounts_user
              WHERE role = ANY(%(roles)s) AND is_active AND id <> %(viewer)s ORDER BY name, id LIMIT %(people)s),
       ARRAY(SELECT ARRAY[public_id, name] FROM tokens_reviewgroup ORDER BY name),
       ARRAY(SELECT ARRAY[name, query, CASE WHEN shared THEN 'shared' ELSE '' END] FROM tokens_savedview
              WHERE owner_id = %(viewer)s OR shared ORDER BY name, id LIMIT %(views)s),
       (SELECT id FROM tokens_decision WHERE by_id = %(viewer)s AND at > %(since)s
           AND undone_at IS NULL AND reopened_at IS NULL AND lapsed_at IS NULL ORDER BY at DESC, id DESC LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view, as the list of them shows it. `shared` is empty for one that only its owner sees."""

    name: str
    query: str
    shared: str


@dataclass(frozen=True, slots=True)
class Tools:
    """`people` may decide; the viewer is none of them. `decision`: the primary key of what can be undone, if any."""

    people: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    views: list[View]
    decision: int | None


def tools(viewer: User, now: datetime) -> Tools:
    limits = {"people": MOST_PEOPLE, "views": MOST_VIEWS}
    with connection.cursor() as cursor:
        cursor.execute(_TOOLS, {"viewer": viewer.pk, "roles": ROLES, "since": now - UNDO_FOR, **limits})
        [(people, groups, views, decision)] = cursor.fetchall()
    return Tools(
        people=tuple((public_id, name) for public_id, name in people),
        groups=tuple((public_id, name) for public_id, name in groups),
        views=[View(*view) for view in views],
        decision=decision,
    )
