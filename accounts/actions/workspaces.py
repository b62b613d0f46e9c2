"""What is done to a workspace and by whom it is shared."""

from django.db import transaction

from accounts import audit, clock
from accounts.errors import NotFound
from accounts.models import Membership, MembershipRole, User, Workspace
from accounts.policies import people, workspaces
from accounts.roles import Permission, require


def lock_workspace(workspace: Workspace) -> Workspace:
    """The workspace as it is now, locked until the transaction ends. Raises NotFound if it is gone."""
    try:
        return Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    except Workspace.DoesNotExist:
        raise NotFound from None


def create_workspace(*, name: str, by: User) -> Workspace:
    """A shared workspace whose first owner is `by`."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        people.check_verified_email(by)
        workspaces.check_name(name)
        workspaces.check_create(by, clock.now())
        workspace = Workspace.objects.create(name=name.strip(), demo=by.demo)
        Membership.objects.create(workspace=workspace, user=by, role=MembershipRole.OWNER)
        audit.record("workspace.created", workspace, by=by, workspace=workspace, after={"name": workspace.name})
    return workspace


def rename_workspace(*, workspace: Workspace, name: str, by: User) -> Workspace:
    with transaction.atomic():
        locked = lock_workspace(workspace)
        require(by, Permission.WORKSPACE_MANAGE, locked)
        workspaces.check_name(name)
        before, locked.name = locked.name, name.strip()
        if before == locked.name:
            return locked
        locked.save(update_fields=["name"])
        was, now = _told(locked, before), _told(locked, locked.name)
        audit.record("workspace.renamed", locked, by=by, workspace=locked, before=was, after=now)
    return locked


def _told(workspace: Workspace, name: str) -> dict[str, str]:
    """A personal workspace is called as its person is, and an event cannot be erased: it says that the name changed."""
    return {"name": "…" if workspace.personal_of_id is not None else name}


def change_member_role(*, membership: Membership, role: str, by: User) -> Membership:
    with transaction.atomic():
        workspace, locked = _locked_membership(membership)
        require(by, Permission.WORKSPACE_MANAGE, workspace)
        workspaces.check_change_member_role(locked, role)
        before, locked.role = locked.role, role
        if before == role:
            return locked
        locked.save(update_fields=["role"])
        was, now = {"role": before}, {"role": role}
        audit.record("member.role_changed", locked.user, by=by, workspace=workspace, before=was, after=now)
    return locked


def remove_member(*, membership: Membership, by: User) -> None:
    """End somebody's membership. Whoever means themselves leaves."""
    with transaction.atomic():
        workspace, locked = _locked_membership(membership)
        require(by, Permission.WORKSPACE_MANAGE, workspace)
        workspaces.check_end_membership(locked)
        locked.delete()
        audit.record("member.removed", locked.user, by=by, workspace=workspace, before={"role": locked.role})


def leave_workspace(*, workspace: Workspace, by: User) -> None:
    with transaction.atomic():
        locked = lock_workspace(workspace)
        require(by, Permission.WORKSPACE_VIEW, locked)
        membership = Membership.objects.select_related("workspace", "user").get(workspace=locked, user=by)
        workspaces.check_end_membership(membership)
        membership.delete()
        audit.record("member.left", by, by=by, workspace=locked, before={"role": membership.role})


def suspend_workspace(*, workspace: Workspace, reason: str, by: User) -> Workspace:
    """Refuse every token of a workspace. Its holders are shown the reason."""
    with transaction.atomic():
        locked = lock_workspace(workspace)
        require(by, Permission.SUSPEND)
        workspaces.check_suspend(locked, reason)
        locked.suspended_at, locked.suspended_by, locked.suspended_reason = clock.now(), by, reason.strip()
        locked.save(update_fields=["suspended_at", "suspended_by", "suspended_reason"])
        audit.record("workspace.suspended", locked, by=by, workspace=locked, reason=reason.strip())
    return locked


def resume_workspace(*, workspace: Workspace, reason: str, by: User) -> Workspace:
    with transaction.atomic():
        locked = lock_workspace(workspace)
        require(by, Permission.SUSPEND)
        workspaces.check_resume(locked, reason)
        locked.suspended_at, locked.suspended_by, locked.suspended_reason = None, None, ""
        locked.save(update_fields=["suspended_at", "suspended_by", "suspended_reason"])
        audit.record("workspace.resumed", locked, by=by, workspace=locked, reason=reason.strip())
    return locked


def _locked_membership(membership: Membership) -> tuple[Workspace, Membership]:
    """Locking the workspace is what keeps two owners from leaving at once: members are counted under it."""
    workspace = lock_workspace(membership.workspace)
    found = Membership.objects.select_related("workspace", "user").filter(pk=membership.pk).first()
    if found is None:
        raise NotFound
    return workspace, found
