"""Rules about people that the storeys above rest on. `check_x` raises with the reason, `can_x` wraps it."""

from allauth.account.models import EmailAddress
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError, NotAllowed
from accounts.models import User


def check_verified_email(user: User) -> None:
    """Whoever makes, asks for or holds something must be reachable: the address has been confirmed."""
    if not EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists():
        raise NotAllowed(_("Confirm your e-mail address first: we sent you a code."))


def can_be_reached(user: User) -> bool:
    try:
        check_verified_email(user)
    except DomainError:
        return False
    return True
