"""What was said and done about an access request, in order: messages and audit events as one conversation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AuditEvent, User
from tokens.models import AccessRequest, RequestMessage

MOST: Final = 200
# What is said of each event after the person's name, its glyph and its tone. Messages show their own text instead.
EVENTS: Final[dict[str, tuple[str | Promise, str, str]]] = {
    "request.submitted": (gettext_lazy("asked for access"), "circle-dot", "info"),
    "request.edited": (gettext_lazy("changed what is written"), "pencil", ""),
    "request.resubmitted": (gettext_lazy("sent it again"), "send", "info"),
    "request.withdrawn": (gettext_lazy("withdrew it"), "undo-2", ""),
    "request.claimed": (gettext_lazy("claimed it"), "user-check", ""),
    "request.released": (gettext_lazy("released it"), "user-minus", ""),
    "request.changes_requested": (gettext_lazy("asked for changes"), "message-square", "warn"),
    "request.approved": (gettext_lazy("approved it"), "circle-check", "ok"),
    "request.rejected": (gettext_lazy("rejected it"), "circle-x", "bad"),
    "request.endorsed": (gettext_lazy("approved it, as the first of two"), "circle-check", "info"),
    "request.endorsement_undone": (gettext_lazy("took the first approval back"), "undo-2", "warn"),
    "request.undone": (gettext_lazy("took the decision back"), "undo-2", "warn"),
    "request.reopened": (gettext_lazy("reopened it"), "rotate-cw", "warn"),
}
# What reviewers do among themselves.
INTERNAL: Final = ("request.endorsed", "request.endorsement_undone")


@dataclass(frozen=True, slots=True)
class Entry:
    """`icon` is empty for a message, which shows its author's initials."""

    at: datetime
    name: str
    who: str
    did: str
    text: str = ""
    icon: str = ""
    tone: str = ""
    internal: bool = False


def timeline(access_request: AccessRequest, viewer: User, *, internal: bool) -> list[Entry]:
    """The newest 200 events and messages, oldest first. `internal`: whether reviewers' remarks are shown."""
    events = AuditEvent.objects.filter(
        subject_type="AccessRequest", subject_id=access_request.public_id, action__in=EVENTS
    ).select_related("actor")
    messages = RequestMessage.objects.filter(access_request=access_request).select_related("author")
    if not internal:
        events = events.exclude(action__in=INTERNAL)
        messages = messages.filter(internal=False)
    newest_messages = list(messages.order_by("-id")[:MOST])
    newest_events = list(events.order_by("-id")[:MOST])
    entries = [
        *_of_events(newest_events, newest_messages, viewer),
        *_of_messages(newest_messages, newest_events, viewer),
    ]
    return sorted(entries, key=lambda entry: entry.at)[-MOST:]


def _of_events(events: Iterable[AuditEvent], messages: Iterable[RequestMessage], viewer: User) -> Iterator[Entry]:
    """What was asked for is a message of the same transaction, and carries the event's instant."""
    said = {(message.at, message.author_id): message.text for message in messages}
    for event in _told(events):
        did, icon, tone = EVENTS[event.action]
        asked = said.get((event.at, event.actor_id or 0), "") if event.action == "request.changes_requested" else ""
        name = event.actor.display_name if event.actor else event.actor_name
        yield Entry(event.at, name, _who(event.actor, viewer, name), str(did), asked or event.reason, icon, tone)


def _told(events: Iterable[AuditEvent]) -> Iterator[AuditEvent]:
    """Newest first, without the changes of a draft, which nobody had seen, and with changes that one person made in
    a row as one: a form that saves itself makes many."""
    found = list(events)
    sent = next((event.pk for event in found if event.action == "request.submitted"), None)
    later: AuditEvent | None = None
    for event in found:
        edit = event.action == "request.edited"
        repeated = edit and later is not None and (later.action, later.actor_id) == (event.action, event.actor_id)
        drafted = edit and (sent is None or event.pk < sent)
        if not repeated and not drafted:
            yield event
        later = event


def _of_messages(messages: Iterable[RequestMessage], events: Iterable[AuditEvent], viewer: User) -> Iterator[Entry]:
    asked = {(event.at, event.actor_id) for event in events if event.action == "request.changes_requested"}
    for message in messages:
        if (message.at, message.author_id) in asked:
            continue
        did = _("noted for reviewers") if message.internal else _("wrote")
        name = message.author.display_name
        who = _who(message.author, viewer, name)
        yield Entry(message.at, name, who, did, message.text, internal=message.internal)


def _who(person: User | None, viewer: User, name: str) -> str:
    return _("You") if person == viewer else name
