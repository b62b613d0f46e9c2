"""Named permissions, and which role has which. Code asks for a permission, never for a role.

Two kinds: on the platform (from `User.role`) and in a workspace (from a membership). "The state allows" is another
question, answered in `policies.py` of each storey.
"""

from enum import StrEnum

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.errors import NotAllowed, NotFound, SecondFactorRequired
from accounts.models import Membership, MembershipRole, PlatformRole, User, Workspace


class Permission(StrEnum):
    # Anybody, signed in or not.
    PUBLIC = "public"
    # Anybody who is signed in: their own profile, their own list of workspaces.
    SIGNED_IN = "signed_in"
    # In a workspace.
    WORKSPACE_VIEW = "workspace.view"
    WORKSPACE_MANAGE = "workspace.manage"
    APPLICATION_EDIT = "application.edit"
    TOKEN_MANAGE = "token.manage"  # noqa: S105
    REQUEST_WRITE = "request.write"
    ORDER_WRITE = "order.write"
    # On the platform.
    REVIEW_READ = "review.read"
    REVIEW_DECIDE = "review.decide"
    REVIEW_MANAGE = "review.manage"
    HOLDINGS_READ = "holdings.read"
    HOLDINGS_CHANGE = "holdings.change"
    AUDIT_READ = "audit.read"
    CATALOGUE_READ = "catalogue.read"
    CATALOGUE_CHANGE = "catalogue.change"
    PAYMENTS_READ = "payments.read"
    PAYMENTS_MANAGE = "payments.manage"
    GATEWAY_MANAGE = "gateway.manage"
    SUSPEND = "suspend"
    PEOPLE_MANAGE = "people.manage"


_MEMBER = frozenset(
    {
        Permission.WORKSPACE_VIEW,
        Permission.APPLICATION_EDIT,
        Permission.TOKEN_MANAGE,
        Permission.REQUEST_WRITE,
        Permission.ORDER_WRITE,
    }
)
WORKSPACE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    MembershipRole.MEMBER: _MEMBER,
    MembershipRole.OWNER: _MEMBER | {Permission.WORKSPACE_MANAGE},
}
_ANYBODY = frozenset({Permission.SIGNED_IN})
_AUDITOR = _ANYBODY | {
    Permission.REVIEW_READ,
    Permission.HOLDINGS_READ,
    Permission.AUDIT_READ,
    Permission.CATALOGUE_READ,
    Permission.PAYMENTS_READ,
}
PLATFORM_PERMISSIONS: dict[str, frozenset[Permission]] = {
    PlatformRole.DEVELOPER: _ANYBODY,
    PlatformRole.MAINTAINER: _ANYBODY | {Permission.REVIEW_READ, Permission.REVIEW_DECIDE},
    PlatformRole.AUDITOR: _AUDITOR,
    PlatformRole.ADMINISTRATOR: _AUDITOR
    | {
        Permission.REVIEW_DECIDE,
        Permission.REVIEW_MANAGE,
        Permission.HOLDINGS_CHANGE,
        Permission.CATALOGUE_CHANGE,
        Permission.PAYMENTS_MANAGE,
        Permission.GATEWAY_MANAGE,
        Permission.SUSPEND,
        Permission.PEOPLE_MANAGE,
    },
}
IN_WORKSPACE: frozenset[Permission] = WORKSPACE_PERMISSIONS[MembershipRole.OWNER]
OF_PLATFORM: frozenset[Permission] = PLATFORM_PERMISSIONS[PlatformRole.ADMINISTRATOR] - _ANYBODY


def may(user: User | AnonymousUser, permission: Permission, workspace: Workspace | None = None) -> bool:
    """Whether this person may, second factor included. Permissions in a workspace need the workspace."""
    try:
        require(user, permission, workspace)
    except (NotAllowed, NotFound):
        return False
    return True


def require(user: User | AnonymousUser, permission: Permission, workspace: Workspace | None = None) -> None:
    """Raise unless this person may. A workspace that is not theirs is NotFound: its existence is not told."""
    if permission is Permission.PUBLIC:
        return
    if isinstance(user, AnonymousUser) or not user.is_active:
        raise NotAllowed
    if permission in IN_WORKSPACE:
        _require_in_workspace(user, permission, workspace)
        return
    if permission not in PLATFORM_PERMISSIONS[user.role]:
        raise NotAllowed
    if permission is not Permission.SIGNED_IN and lacks_second_factor(user):
        raise SecondFactorRequired


def _require_in_workspace(user: User, permission: Permission, workspace: Workspace | None) -> None:
    if workspace is None:
        raise NotFound
    role = Membership.objects.filter(workspace=workspace, user=user).values_list("role", flat=True).first()
    if role is None:
        raise NotFound
    if permission not in WORKSPACE_PERMISSIONS[role]:
        raise NotAllowed


def lacks_second_factor(user: User) -> bool:
    """Whether this person's role needs a second factor that they have not set up."""
    from allauth.mfa.models import Authenticator

    if not settings.SECOND_FACTOR_REQUIRED or user.role == PlatformRole.DEVELOPER:
        return False
    return not Authenticator.objects.filter(
        user=user, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    ).exists()
