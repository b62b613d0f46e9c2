"""Offers of membership, each to one address."""

from datetime import timedelta
from typing import Final

from django.db import transaction

from accounts import audit, clock
from accounts.actions.workspaces import lock_workspace
from accounts.deferred import after_commit
from accounts.errors import NotFound
from accounts.ids import new_public_id
from accounts.invitations import hash_of, secret_for
from accounts.models import Invitation, Membership, User
from accounts.models.workspaces import Workspace
from accounts.policies import invitations as policies
from accounts.policies import people
from accounts.roles import Permission, require

LIFETIME: Final = timedelta(days=7)


def invite_member(*, workspace: Workspace, email: str, role: str, by: User) -> Invitation:
    """Offer a membership to whoever proves to have that address. The link is mailed after the commit."""
    from accounts.tasks import mail_invitation

    address = email.strip().lower()
    with transaction.atomic():
        locked = lock_workspace(workspace)
        require(by, Permission.WORKSPACE_MANAGE, locked)
        people.check_verified_email(by)
        now = clock.now()
        policies.check_invite(locked, address, role, now)
        _revoke_expired(locked, address, by)
        public_id = new_public_id()
        invitation = Invitation.objects.create(
            public_id=public_id,
            workspace=locked,
            email=address,
            role=role,
            secret_hash=hash_of(secret_for(public_id)),
            created_by=by,
            expires_at=now + LIFETIME,
        )
        audit.record("invitation.sent", invitation, by=by, workspace=locked, after={"role": role})
        after_commit(mail_invitation, invitation.pk)
    return invitation


def revoke_invitation(*, invitation: Invitation, by: User) -> Invitation:
    with transaction.atomic():
        workspace, locked = _locked_invitation(invitation)
        require(by, Permission.WORKSPACE_MANAGE, workspace)
        policies.check_revoke(locked)
        _revoke(locked, by)
    return locked


def accept_invitation(*, invitation: Invitation, secret: str, by: User) -> Membership:
    """Become a member. Only with the link's secret, and only for who has confirmed the invited address."""
    with transaction.atomic():
        workspace, locked = _locked_invitation(invitation)
        policies.check_accept(locked, secret, by, clock.now())
        locked.accepted_at, locked.accepted_by = clock.now(), by
        locked.save(update_fields=["accepted_at", "accepted_by"])
        membership = Membership.objects.create(workspace=workspace, user=by, role=locked.role)
        audit.record("invitation.accepted", locked, by=by, workspace=workspace, after={"role": locked.role})
    return membership


def _locked_invitation(invitation: Invitation) -> tuple[Workspace, Invitation]:
    workspace = lock_workspace(invitation.workspace)
    found = Invitation.objects.select_related("workspace").filter(pk=invitation.pk).first()
    if found is None:
        raise NotFound
    return workspace, found


def _revoke_expired(workspace: Workspace, address: str, by: User) -> None:
    """An offer that ran out still holds the one open place for its address."""
    for expired in Invitation.objects.filter(
        workspace=workspace, email=address, accepted_at=None, revoked_at=None, expires_at__lte=clock.now()
    ):
        _revoke(expired, by)


def _revoke(invitation: Invitation, by: User) -> None:
    invitation.revoked_at, invitation.revoked_by = clock.now(), by
    invitation.save(update_fields=["revoked_at", "revoked_by"])
    audit.record("invitation.revoked", invitation, by=by, workspace=invitation.workspace)
