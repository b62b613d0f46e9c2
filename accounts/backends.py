"""Who may be signed in at all, asked at sign-in and again with every request of a session."""

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from accounts.models import User


def may_sign_in(user: User) -> bool:
    """The demo's people have a password that everybody knows: with `DEMO` off they are nobody."""
    return user.is_active and (settings.DEMO or not user.demo)


class PeopleBackend(AuthenticationBackend):  # type: ignore[misc]
    """Django drops a session whose person fails `user_can_authenticate`, so a refusal works at once."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        return isinstance(user, User) and may_sign_in(user)
