"""Staff look at the calls of a workspace that is not theirs: allowed, and never unseen by its members."""

from typing import Final

from django.db import transaction

from accounts import audit
from accounts.models import AuditEvent, User, Workspace
from accounts.roles import Permission, require
from tokens.actions.transitions import lock_workspace
from tokens.models import Token

LOOKED: Final = "refusal.looked_into"


@transaction.atomic
def note_look(*, workspace: Workspace, token: Token | None, model: str, code: str, by: User) -> AuditEvent:
    """`token`, `model`, `code`: the call that was explained, if one was; the model by its name in the catalogue."""
    require(by, Permission.AUDIT_READ)
    workspace = lock_workspace(workspace.pk)
    return audit.record(LOOKED, token or workspace, by=by, workspace=workspace, after={"model": model, "code": code})
