"""Whether the list of a reviewer is behind, and what has come in since they looked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.names import seen
from tokens.models import AccessRequest, ImportedComment, Mention, RequestMessage
from tokens.policies.requests import can_read_internal
from tokens.selectors.review_filters import Filters, narrowed
from tokens.selectors.review_timeline import Entry, key_of, timeline

# A row carries the time at which its transaction began, and is seen when that ends.
COMMITTED_WITHIN: Final = timedelta(seconds=5)
# Times that are shown, snoozes and claims move by the clock alone.
OLDEST: Final = timedelta(seconds=60)
MOST_COUNTED: Final = 99
CHANGED, REMOVED = "changed", "removed"


def behind(since: datetime, now: datetime, viewer: User) -> bool:
    """Whether anything changed since then, somebody mentioned the viewer, or the clock moved on. One look into two
    indexes, and one into a third."""
    if now - since > OLDEST:
        return True
    earlier = since - COMMITTED_WITHIN
    changed = AccessRequest.objects.filter(Q(updated_at__gt=earlier) | Q(signals_at__gt=earlier))
    mentioned = Mention.objects.filter(person=viewer, seen_at=None, message__at__gt=earlier)
    return changed.exists() or mentioned.exists()


def arrived(filters: Filters, viewer: User, since: datetime, now: datetime) -> int:
    """How many among these filters were sent since then; never counts beyond a hundred."""
    return narrowed(filters, viewer, now).filter(submitted_at__gt=since)[: MOST_COUNTED + 1].count()


@dataclass(frozen=True, slots=True)
class Said:
    """By whom, the key of its entry in the conversation, and what became of it where it was there before: `CHANGED` or
    `REMOVED`."""

    name: str
    key: str
    became: str = ""


def said(public_id: str, since: datetime, viewer: User) -> Said | None:
    """The newest that somebody else wrote about this access request since then, or just before, if the viewer may read
    it, or that came, changed or went on GitHub. One query where nobody wrote."""
    earlier = since - COMMITTED_WITHIN
    messages = RequestMessage.objects.filter(access_request__public_id=public_id, at__gt=earlier).exclude(author=viewer)
    came = Q(imported_at__gt=earlier, removed_at=None) | Q(changed_at__gt=earlier)
    comments = ImportedComment.objects.filter(came, issue__access_request__public_id=public_id)
    heard = Coalesce("changed_at", "imported_at")
    found = _newest(messages, "message", F("at")).union(_newest(comments, "comment", heard), all=True)
    for kind, pk, _at in sorted(found, key=lambda row: row[2], reverse=True):
        if (told := _message(pk, viewer) if kind == "message" else _comment(pk)) is not None:
            return told
    return None


def _message(pk: int, viewer: User) -> Said | None:
    message = RequestMessage.objects.select_related("author", "access_request").get(pk=pk)
    if message.internal and not can_read_internal(viewer, message.access_request):
        return None
    return Said(message.author.display_name, key_of(message))


def _comment(pk: int) -> Said:
    comment = ImportedComment.objects.get(pk=pk)
    return Said(seen(comment.author_login), key_of(comment), _became(comment))


def _became(comment: ImportedComment) -> str:
    if comment.removed_at is not None:
        return REMOVED
    return CHANGED if comment.changed_at is not None else ""


def _newest(rows: QuerySet[Any], kind: str, at: Combinable) -> QuerySet[Any, Any]:
    """With its kind and its time; no row where there is none."""
    newest: QuerySet[Any, Any] = rows.annotate(kind=Value(kind, CharField()), when=at).order_by("-when", "-pk")
    return newest.values_list("kind", "pk", "when")[:1]


def happened(access_request: AccessRequest, since: datetime, viewer: User) -> list[Entry]:
    """What was said and done since then, or just before, as far as the viewer may read it: a page may have it already,
    and knows it by its key."""
    internal = can_read_internal(viewer, access_request)
    entries = timeline(access_request, viewer, internal=internal)
    return [entry for entry in entries if entry.came_after(since - COMMITTED_WITHIN)]
