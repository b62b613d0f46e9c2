"""Who may give and take grants by hand. `check_x` raises with the reason, `can_x` wraps it."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts import clock
from accounts.audit import Actor
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Membership, User, Workspace
from accounts.roles import Permission, require
from tiers.models import AIModel, Grant, GrantSource, Tier


def check_give(by: Actor, workspace: Workspace, source: str) -> None:
    """By hand it needs the permission, and another's workspace; all other sources have their own rule in the
    action that rests on them."""
    if source != GrantSource.MANUAL:
        return
    check_change_holdings(by, workspace)
    check_outsider(by, workspace)


def check_outsider(by: Actor, workspace: Workspace) -> None:
    """Nobody gives, or gives back, to a workspace of their own."""
    if isinstance(by, User) and Membership.objects.filter(workspace=workspace, user=by).exists():
        raise NotAllowed(_("You belong to this workspace, so somebody else has to give it this."))


def check_change_holdings(by: Actor, workspace: Workspace) -> None:
    """A person needs the permission; tasks and rules act by the rule they carry out."""
    if isinstance(by, User):
        require(by, Permission.HOLDINGS_CHANGE)


def check_one_subject(tier: Tier | None, model: AIModel | None) -> None:
    if (tier is None) == (model is None):
        raise Invalid(_("A grant is of one tier or of one model."), field="tier")


def check_window(starts_at: datetime | None, ends_at: datetime | None) -> None:
    if ends_at is None:
        return
    if ends_at <= clock.now():
        raise Invalid(_("The end has passed already. Choose a later one."), field="until")
    if starts_at is not None and ends_at <= starts_at:
        raise Invalid(_("The end must come after the start."), field="until")


def check_reason(reason: str) -> str:
    """The reason without surrounding space. Raises Invalid where there is none."""
    if not reason.strip():
        raise Invalid(_("Give a reason. Whoever holds it reads this."), field="reason")
    return reason.strip()


def check_not_revoked(grant: Grant) -> None:
    if grant.revoked_at is not None:
        raise Conflict(_("This grant has been revoked, and that is for good. Give a new one."))
