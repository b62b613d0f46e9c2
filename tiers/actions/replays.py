"""Replaying a stored message because a person asks for it."""

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.roles import Permission, require
from tiers.actions.inbox import handle_event
from tiers.models import ProviderEvent


def replay_event(*, event: ProviderEvent, by: User) -> ProviderEvent:
    """Apply it once more, whatever became of it before; who asked is kept even where it fails again. Since an order
    follows from the set of its events, a message that was applied already changes nothing."""
    require(by, Permission.PAYMENTS_MANAGE)
    with transaction.atomic():
        audit.record("provider_event.replayed", event, by=by, workspace=None, before={"state": event.state})
    return handle_event(event=event, by=by, again=True)
