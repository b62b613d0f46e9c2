"""Who may decide access requests."""

from django.db.models import QuerySet

from accounts.models import User
from accounts.roles import PLATFORM_PERMISSIONS, Permission


def reviewers() -> QuerySet[User]:
    """All who may decide, whoever's workspace it is."""
    roles = [role for role, held in PLATFORM_PERMISSIONS.items() if Permission.REVIEW_DECIDE in held]
    return User.objects.filter(role__in=roles, is_active=True)
