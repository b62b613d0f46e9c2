"""What was said and done about an access request, in order: messages and audit events as one conversation."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AuditEvent, User
from accounts.names import isolated
from tokens.issue_import.comments import GHOST
from tokens.models import AccessRequest, ImportedComment, ImportedIssue, RequestMessage

MOST: Final = 200
# What is said of each event after the person's name, its glyph and its tone. Messages show their own text instead.
EVENTS: Final[dict[str, tuple[str | Promise, str, str]]] = {
    "request.submitted": (gettext_lazy("asked for access"), "circle-dot", "info"),
    "request.imported": (gettext_lazy("brought it in from GitHub"), "download", "info"),
    "request.edited": (gettext_lazy("changed what is written"), "pencil", ""),
    "request.resubmitted": (gettext_lazy("sent it again"), "send", "info"),
    "request.withdrawn": (gettext_lazy("withdrew it"), "undo-2", ""),
    "request.claimed": (gettext_lazy("claimed it"), "user-check", ""),
    "request.released": (gettext_lazy("released it"), "user-minus", ""),
    "request.claim_lapsed": (gettext_lazy("gave it back to the queue: nobody had gone on with it"), "user-minus", ""),
    "request.taken_over": (gettext_lazy("took it over"), "user-check", ""),
    "request.assigned": (gettext_lazy("made it nobody’s to decide"), "user-x", ""),
    "request.routed": (gettext_lazy("said whose it is to decide"), "user-plus", ""),
    "request.escalated": (gettext_lazy("brought it before others, as it has waited long"), "arrow-up-right", "warn"),
    "request.snoozed": (gettext_lazy("put it off until the applicant answers"), "moon", ""),
    "request.woke": (gettext_lazy("had it back in the queue"), "bell", ""),
    "request.changes_requested": (gettext_lazy("asked for changes"), "message-square", "warn"),
    "request.approved": (gettext_lazy("approved it"), "circle-check", "ok"),
    "request.rejected": (gettext_lazy("rejected it"), "circle-x", "bad"),
    "request.endorsed": (gettext_lazy("approved it, as the first of two"), "circle-check", "info"),
    "request.endorsement_undone": (gettext_lazy("took the first approval back"), "undo-2", "warn"),
    "request.undone": (gettext_lazy("took the decision back"), "undo-2", "warn"),
    "request.reopened": (gettext_lazy("reopened it"), "rotate-cw", "warn"),
    "request.issue_deleted": (
        gettext_lazy(
            "deleted the issue on GitHub that this was filed as. What was written there is gone here too. It decides "
            "nothing: that stays with the reviewers"
        ),
        "trash-2",
        "warn",
    ),
    "request.issue_moved": (gettext_lazy("moved the issue on GitHub that this was filed as"), "arrow-up-right", "info"),
}
# What reviewers do among themselves.
_AMONG_REVIEWERS = ("assigned", "routed", "escalated", "snoozed", "woke", "endorsed", "endorsement_undone")
INTERNAL: Final = frozenset(f"request.{name}" for name in _AMONG_REVIEWERS)
# What came with a message of the same transaction, which is shown in its place.
WITH_MESSAGE: Final = ("request.changes_requested", "request.taken_over")
IMPORTED: Final = "request.imported"
# Of a comment so much is shown, beside the link to the whole.
MOST_OF_COMMENT: Final = 4000
RULES: Final = "tokens.rules"
# What was done on GitHub, and where it is kept who did it.
SENDERS: Final = {"request.issue_deleted": "deleted_by", "request.issue_moved": "moved_by"}


@dataclass(frozen=True, slots=True)
class Entry:
    """`icon` is empty for a message, which shows its author's initials. What was written on GitHub has a `link`, and
    `identity`: its author's immutable id there, 0 where nobody says; it was written at `at` and came here at `here_at`.
    `key` names the entry on its page, and `mark` tells what stands in it from what stood there before."""

    key: str
    at: datetime
    name: str
    who: str
    did: str
    text: str = ""
    icon: str = ""
    tone: str = ""
    internal: bool = False
    resubmitted: bool = False
    link: str = ""
    identity: int | None = None
    here_at: datetime | None = None
    mark: str = ""

    def came_after(self, moment: datetime) -> bool:
        return (self.here_at or self.at) > moment


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
        *_of_events(newest_events, newest_messages, viewer, _senders(access_request, newest_events)),
        *_of_messages(newest_messages, newest_events, viewer),
        *(_of_github(access_request) if any(event.action == IMPORTED for event in newest_events) else ()),
    ]
    return sorted(entries, key=lambda entry: entry.at)[-MOST:]


def _of_events(
    events: Iterable[AuditEvent], messages: Iterable[RequestMessage], viewer: User, senders: Mapping[str, str]
) -> Iterator[Entry]:
    """What was asked for is a message of the same transaction, and carries the event's instant."""
    said = {(message.at, message.author_id): message for message in messages}
    compared = False  # With what was asked for: the newest alone, which comes first.
    for event in _told(events):
        _, icon, tone = EVENTS[event.action]
        message = said.get((event.at, event.actor_id or 0)) if event.action in WITH_MESSAGE else None
        name = event.actor.display_name if event.actor else _by_itself(event, senders)
        text = message.text if message else event.reason
        internal = event.action in INTERNAL or (message is not None and message.internal)
        who = _who(event.actor, viewer, name)
        again = event.action == "request.resubmitted" and not compared
        compared |= again
        there = {"identity": event.after.get("sender", 0)} if event.action in SENDERS else {}
        yield Entry(f"e{event.pk}", event.at, name, who, _did(event), text, icon, tone, internal, again, **there)


def _senders(access_request: AccessRequest, events: Iterable[AuditEvent]) -> dict[str, str]:
    """Who did on GitHub what is told here, by login, which stays out of the chain. A query only where there is any."""
    if not any(event.action in SENDERS for event in events):
        return {}
    row = ImportedIssue.objects.filter(access_request=access_request).values_list(*SENDERS.values()).first()
    return dict(zip(SENDERS, row or (), strict=False))


def _by_itself(event: AuditEvent, senders: Mapping[str, str]) -> str:
    if event.action in SENDERS:
        return senders.get(event.action) or GHOST
    return _("A rule") if event.actor_name == RULES else "Trellis"


def _did(event: AuditEvent) -> str:
    """What the event says of itself, beside what all of its kind say."""
    told = event.after
    names = {key: isolated(str(told.get(key) or "")) for key in ("to", "group", "of")}
    match event.action:
        case "request.assigned" if names["to"] and names["group"]:
            return _("assigned it to %(to)s and the group %(group)s") % names
        case "request.assigned" if names["to"]:
            return _("assigned it to %(to)s") % names
        case "request.assigned" if names["group"]:
            return _("assigned it to the group %(group)s") % names
        case "request.snoozed" if told.get("until"):
            until = datetime.fromisoformat(told["until"]).astimezone(UTC)
            return _("put it off until %(until)s UTC") % {"until": date_format(until, "DATETIME_FORMAT")}
        case "request.woke" if told.get("because") == "answer":
            return _("brought it back: the applicant answered")
        case "request.woke" if told.get("because") == "date":
            return _("brought it back: it was put off until now")
        case "request.claim_lapsed" if names["of"]:
            return _("gave it back to the queue: the claim of %(of)s lapsed") % names
        case "request.issue_moved" if told.get("to"):
            places = {"from": isolated(str(told.get("from"))), "to": names["to"]}
            return _("moved the issue on GitHub that this was filed as from %(from)s to %(to)s") % places
    return str(EVENTS[event.action][0])


def _told(events: Iterable[AuditEvent]) -> Iterator[AuditEvent]:
    """Newest first, without the changes of a draft, which nobody had seen, and with changes that one person made in
    a row as one: a form that saves itself makes many."""
    found = list(events)
    sent = next((event.pk for event in found if event.action in ("request.submitted", IMPORTED)), None)
    later: AuditEvent | None = None
    for event in found:
        edit = event.action == "request.edited"
        repeated = edit and later is not None and (later.action, later.actor_id) == (event.action, event.actor_id)
        drafted = edit and (sent is None or event.pk < sent)
        if not repeated and not drafted:
            yield event
        later = event


def _of_messages(messages: Iterable[RequestMessage], events: Iterable[AuditEvent], viewer: User) -> Iterator[Entry]:
    asked = {(event.at, event.actor_id) for event in events if event.action in WITH_MESSAGE}
    for message in messages:
        if (message.at, message.author_id) in asked:
            continue
        did = _("noted for reviewers") if message.internal else _("wrote")
        name = message.author.display_name
        who = _who(message.author, viewer, name)
        yield Entry(key_of(message), message.at, name, who, did, message.text, internal=message.internal)


def key_of(said: RequestMessage | ImportedComment) -> str:
    return f"{'m' if isinstance(said, RequestMessage) else 'g'}{said.pk}"


def _of_github(access_request: AccessRequest) -> Iterator[Entry]:
    """The newest comments on the issue that it was filed as. Strangers' texts."""
    found = ImportedComment.objects.filter(issue__access_request=access_request).select_related("issue")
    for comment in found.order_by("-at", "-id")[:MOST]:
        same = comment.author_id is not None and comment.author_id == comment.issue.author_id
        did = _("wrote on GitHub, where they had filed it") if same else _("wrote on GitHub")
        if comment.removed_at is not None:
            did = _("wrote on GitHub, and it was deleted there")
        text = comment.body if len(comment.body) <= MOST_OF_COMMENT else f"{comment.body[:MOST_OF_COMMENT]} …"
        name = comment.author_login
        yield Entry(
            key_of(comment),
            comment.at,
            name,
            name,
            did,
            text,
            link=comment.url,
            identity=comment.author_id or 0,
            here_at=max(comment.imported_at, comment.changed_at or comment.imported_at),
            mark=comment.changed_at.isoformat() if comment.changed_at else "",
        )


def _who(person: User | None, viewer: User, name: str) -> str:
    return _("You") if person == viewer else name
