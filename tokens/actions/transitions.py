"""The one way in which an access request changes its state."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from django.db.models import F
from django.db.models.functions import Now

from accounts import audit
from accounts.audit import Actor
from accounts.errors import Conflict
from accounts.models import Workspace
from tokens import lifecycle
from tokens.lifecycle import Action
from tokens.models import AccessRequest, Decision, Outcome, RequestState
from tokens.policies.requests import check_state, happened, what_happened

# What nearly every action asks of. All else is looked up by whoever asks: to weigh the orders of twelve joins takes
# PostgreSQL seven times as long as to make these, and each request is read twice an action.
_JOINED = ("workspace", "application", "applicant", "tier", "model")
# What ends a first approval, since the second is given on what the first saw.
_LAPSES: Final = frozenset(
    {Action.SAVE, Action.SUBMIT, Action.WITHDRAW, Action.ASK, Action.REJECT, Action.ENDORSE, Action.REOPEN}
)


def locked(access_request: AccessRequest) -> AccessRequest:
    """Lock the workspace, then read the request anew. Belongs in a transaction."""
    lock_workspace(access_request.workspace_id)
    return read(access_request.pk)


def lock_workspace(pk: int) -> Workspace:
    return Workspace.objects.select_for_update(no_key=True).get(pk=pk)


def read(pk: int) -> AccessRequest:
    return AccessRequest.objects.select_related(*_JOINED).get(pk=pk)


def advance(
    access_request: AccessRequest,
    action: Action,
    event: str,
    *,
    by: Actor,
    reason: str = "",
    back_to: str = "",
    more: Mapping[str, Any] = MappingProxyType({}),
    **values: Any,
) -> AccessRequest:
    """Move along the table by compare-and-swap on the version that was read, and record it, with `more` beside the
    new state. `back_to` is the state for what leads back. Raises Conflict where the state does not allow it, or where
    somebody else was faster."""
    check_state(access_request, action)
    state = lifecycle.TABLE[RequestState(access_request.state), action].to or RequestState(back_to)
    changed = AccessRequest.objects.filter(pk=access_request.pk, version=access_request.version).update(
        state=state, version=F("version") + 1, updated_at=Now(), **values
    )
    after = read(access_request.pk)
    if not changed:
        raise Conflict(what_happened(after), **happened(after))
    if action in _LAPSES and access_request.submitted_at:
        standing = Decision.objects.filter(access_request=after, outcome=Outcome.ENDORSED, undone_at=None)
        standing.filter(lapsed_at=None).update(lapsed_at=Now())
    audit.record(
        event,
        after,
        by=by,
        workspace=after.workspace,
        reason=reason,
        before=_told(access_request),
        after={**_told(after), **more},
    )
    return after


def _told(access_request: AccessRequest) -> dict[str, Any]:
    return {
        "state": access_request.state,
        "claimed_by": access_request.claimed_by.public_id if access_request.claimed_by else None,
        "assigned_to": access_request.assigned_to.public_id if access_request.assigned_to else None,
        "version": access_request.version,
    }
