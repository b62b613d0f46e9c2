"""What the page `/explain/` reads beside the decision itself."""

import re
from dataclasses import dataclass, replace
from typing import Final

import structlog
from django.db.models import Q, QuerySet
from redis import RedisError

from accounts.models import User, Workspace
from accounts.roles import Permission, may
from tokens.explaining.recent import Entry, entries
from tokens.gateway import refusal_log
from tokens.keys import looks_secret
from tokens.models import Token
from tokens.selectors.tokens import current, with_secrets

MOST_NAMED: Final = 100
MOST_RECENT: Final = 12
_LABEL: Final = re.compile(r".+ / .+ …\w{4}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace whose calls are explained. `foreign`: the reader is staff and does not belong to it."""

    workspace: Workspace
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A token by the name under which it is picked, and the hash of its current secret."""

    token: Token
    label: str
    last4: str
    hash: bytes
    foreign: bool = False

    @property
    def place(self) -> Place:
        return Place(self.token.workspace, self.foreign)


def tokens_to_name(workspace: Workspace) -> list[Named]:
    """The newest tokens of a workspace, ended ones too: those are often the ones in question."""
    rows = with_secrets(Token.objects.filter(workspace=workspace)).order_by("-id")[:MOST_NAMED]
    return [named(token) for token in rows]


def named(token: Token) -> Named:
    secret = next((secret for secret in token.secrets.all() if secret.ends_at is None), None)
    last4 = current(token)
    label = f"{token.application.name} / {token.name} …{last4}"
    return Named(token, label, last4, bytes(secret.hash) if secret else b"")


def by_id(person: User, public_id: str) -> Named | None:
    """The token of that id in any workspace of this person; who may read the audit log may look into every one."""
    found = _theirs(person).filter(public_id=public_id).first()
    if found is not None:
        return named(found)
    if not may(person, Permission.AUDIT_READ):
        return None
    found = with_secrets(Token.objects.filter(public_id=public_id)).first()
    return replace(named(found), foreign=True) if found else None


def by_name(workspace: Workspace, text: str) -> list[Named]:
    """The tokens of a workspace that somebody may mean: by the label, the name, the id or the last four characters.
    What may be a secret is not looked for."""
    if not text or (looks_secret(text) and not is_label(text)):
        return []
    ending = text.rpartition("…")[2].strip()
    meant = Q(name=text) | Q(public_id=text) | Q(secrets__last4=ending, secrets__ends_at=None)
    rows = with_secrets(Token.objects.filter(workspace=workspace)).filter(meant).distinct().order_by("-id")[:20]
    found = [named(token) for token in rows]
    exactly = [one for one in found if one.label == text]
    return exactly[:1] or found


def is_label(text: str) -> bool:
    """Whether it has the form of the names that are offered."""
    return _LABEL.fullmatch(text) is not None


def recent_refusals(place: Place, *, older: bool = False) -> list[Entry] | None:
    """Of the tokens of a workspace, the newest first, and with `older` all that are kept; None while they cannot be
    read."""
    try:
        limit = refusal_log.KEPT if older else MOST_RECENT
        found = entries(refusal_log.recent(place.workspace.public_id, limit=limit))
    except (RedisError, OSError) as error:
        log.warning("recent_refusals_not_read", error=str(error))
        return None
    return [_as_seen(place, entry) for entry in found]


def refusal_of(place: Place, request_id: str) -> Entry | None:
    """The recent refusal that a request met. Raises RedisError."""
    found = refusal_log.of_request(place.workspace.public_id, request_id)
    return next((_as_seen(place, entry) for entry in entries([found] if found else [])), None)


def _as_seen(place: Place, entry: Entry) -> Entry:
    """Callers' addresses, which may be of persons, are for members alone."""
    return replace(entry, address="") if place.foreign else entry


def _theirs(person: User) -> QuerySet[Token]:
    return with_secrets(Token.objects.filter(workspace__memberships__user=person))


def workspace_of(person: User, workspace: str) -> Workspace | None:
    """The workspace of that public id, if this person belongs to it."""
    return Workspace.objects.filter(public_id=workspace, memberships__user=person).first()


def place_of(person: User, workspace: str) -> Place | None:
    """The workspace of that public id, as far as this person may look into it."""
    own = workspace_of(person, workspace)
    if own is not None:
        return Place(own)
    if not may(person, Permission.AUDIT_READ):
        return None
    found = Workspace.objects.filter(public_id=workspace).first()
    return Place(found, foreign=True) if found else None
