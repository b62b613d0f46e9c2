"""Rules about a workspace and its members. Who counts members has locked the workspace."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, DomainError, Invalid, TooMany
from accounts.models import Membership, MembershipRole, User, Workspace

NAME_LENGTH: Final = 80
A_DAY: Final = timedelta(days=1)
AT_MOST_A_DAY: Final = 20


def check_name(name: str) -> None:
    if not name.strip():
        raise Invalid(_("Give the workspace a name."), field="name")
    if len(name.strip()) > NAME_LENGTH:
        raise Invalid(_("A workspace's name has at most 80 characters."), field="name")


def check_create(by: User, now: datetime) -> None:
    """Each workspace may send mail to strangers, so that the workspaces of one person are rationed as well. The
    caller has locked the person. The demo is made all at once, and mails nobody."""
    owned = Membership.objects.filter(user=by, role=MembershipRole.OWNER, workspace__created_at__gt=now - A_DAY)
    if not by.demo and owned.count() >= AT_MOST_A_DAY:
        raise TooMany(_("That is 20 new workspaces in a day. Go on tomorrow."))


def check_change_member_role(membership: Membership, role: str) -> None:
    if role not in MembershipRole.values:
        raise Invalid(_("There is no such role."), field="role")
    if role != MembershipRole.OWNER:
        _check_stays_an_owner(membership)


def check_end_membership(membership: Membership) -> None:
    """Whether a membership may end, be it by leaving or by removal."""
    _check_stays_an_owner(membership)


def can_end_membership(membership: Membership) -> bool:
    try:
        check_end_membership(membership)
    except DomainError:
        return False
    return True


def _check_stays_an_owner(membership: Membership) -> None:
    workspace = membership.workspace
    if workspace.personal_of_id == membership.user_id:
        raise Conflict(_("A personal workspace always has its own person as an owner."))
    others = Membership.objects.filter(workspace=workspace, role=MembershipRole.OWNER).exclude(pk=membership.pk)
    if membership.role == MembershipRole.OWNER and not others.exists():
        raise Conflict(_("The last owner cannot go. Make another member an owner first."))


def check_suspend(workspace: Workspace, reason: str) -> None:
    if workspace.suspended_at is not None:
        raise Conflict(_("This workspace is suspended already."))
    _check_reason(reason)


def check_resume(workspace: Workspace, reason: str) -> None:
    if workspace.suspended_at is None:
        raise Conflict(_("This workspace is not suspended."))
    _check_reason(reason)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(_("Say why: the workspace is shown the reason."), field="reason")
    if len(reason.strip()) > 500:
        raise Invalid(_("A reason has at most 500 characters."), field="reason")
