"""Who may decide access requests."""

from typing import Final

from django.db.models import QuerySet

from accounts.models import Membership, User
from accounts.roles import PLATFORM_PERMISSIONS, Permission
from tokens.models import AccessRequest

ROLES: Final = [role for role, held in PLATFORM_PERMISSIONS.items() if Permission.REVIEW_DECIDE in held]

# `User.display_name`, for statements that are written by hand; `accounts.names.seen` cleans what comes of it.
SHOWN_NAME: Final = "coalesce(nullif(name, ''), split_part(email, '@', 1))"


def reviewers() -> QuerySet[User]:
    """All who may decide, whoever's workspace it is."""
    return User.objects.filter(role__in=ROLES, is_active=True)


def reviewers_of(access_request: AccessRequest) -> QuerySet[User]:
    """All who may decide this one, by name: whom it can be assigned to, and who can be mentioned about it."""
    insiders = Membership.objects.filter(workspace=access_request.workspace_id).values("user")
    return reviewers().exclude(pk__in=insiders).order_by("name", "id")
