"""`record()`: the one way to write an audit event, in the transaction of the change itself."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Protocol

from django.db import transaction

from accounts.announcing import announce_after_commit
from accounts.ids import new_public_id
from accounts.models import AuditEvent, User, Workspace
from accounts.models.audit import ActorKind


@dataclass(frozen=True, slots=True)
class Task:
    """A Celery task or management command that acts: `Task("tiers.expire")`."""

    name: str


@dataclass(frozen=True, slots=True)
class System:
    """A rule or the platform itself that acts: `System("self-service seed")`."""

    name: str


Actor = User | Task | System


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the current web request comes from. Empty outside a web request."""

    request_id: str = ""
    address: str | None = None


_NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("audit_origin", default=_NOWHERE)


@contextmanager
def origin(value: Origin) -> Iterator[None]:
    """Give what is recorded inside a request id and an address (the middleware does, once a request)."""
    token = _origin.set(value)
    try:
        yield
    finally:
        _origin.reset(token)


# Both rows in one statement, as it is part of everything that is done. What is not named here is the trigger's.
_WRITE: Final = """
WITH event AS (
    INSERT INTO accounts_auditevent
        (public_id, workspace_id, actor_kind, actor_id, actor_name, action, subject_type, subject_id, subject_label,
         reason, before, after, request_id, origin_hash)
    VALUES (%(public_id)s, %(workspace_id)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s, %(action)s, %(subject_type)s,
            %(subject_id)s, %(subject_label)s, %(reason)s, %(before)s, %(after)s, %(request_id)s, %(origin_hash)s)
    RETURNING *
), origin AS (
    INSERT INTO accounts_auditorigin (event_id, address, email, salt)
    SELECT id, %(address)s, %(email)s, %(salt)s FROM event
)
SELECT * FROM event
"""


class Subject(Protocol):
    """Anything with a public id that an event can be about."""

    public_id: str


def record(
    action: str,
    subject: Subject,
    *,
    by: Actor,
    workspace: Workspace | None,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one event. `action` is `noun.verb_past` (`token.revoked`); `workspace=None` is the platform's chain.

    `before`/`after` hold the changed fields alone, as JSON values; never a secret, never personal data.
    What changes a workspace's rights is audited, so what was audited is announced, once it is committed.
    Raises RuntimeError outside a transaction: an event and its change stand or fall together."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("audit.record() belongs in the transaction of the change")
    here = _origin.get()
    email = by.email if isinstance(by, User) else ""
    salt = secrets.token_hex(16)
    values = {
        "public_id": new_public_id(),
        "workspace_id": workspace and workspace.pk,
        "action": action,
        "subject_type": subject.__class__.__name__,
        "subject_id": subject.public_id,
        "subject_label": _label(subject),
        "reason": reason,
        "before": _json(before),
        "after": _json(after),
        "request_id": here.request_id,
        "origin_hash": origin_hash(salt, here.address, email),
        **_actor_fields(by),
    }
    [event] = AuditEvent.objects.raw(_WRITE, values | {"address": here.address, "email": email, "salt": salt})
    if workspace is not None:
        announce_after_commit(workspace.pk)
    return event


def origin_hash(salt: str, address: str | None, email: str) -> str:
    """What the chained event keeps of the erasable row: SHA-256, hex."""
    return hashlib.sha256("\0".join([salt, address or "", email]).encode()).hexdigest()


def _label(subject: Subject) -> str:
    """Of a person the name alone: what stands in for a missing one is a part of their address. A personal workspace
    is called so as well, and its id says which it is."""
    if isinstance(subject, Workspace) and subject.personal_of_id is not None:
        return ""
    return (subject.name if isinstance(subject, User) else str(subject))[:200]


def _json(fields: Mapping[str, Any] | None) -> str:
    return json.dumps(dict(fields or {}))


def _actor_fields(by: Actor) -> dict[str, Any]:
    if isinstance(by, User):
        return {"actor_kind": ActorKind.PERSON, "actor_id": by.pk, "actor_name": ""}
    kind = ActorKind.TASK if isinstance(by, Task) else ActorKind.SYSTEM
    return {"actor_kind": kind, "actor_id": None, "actor_name": by.name}
