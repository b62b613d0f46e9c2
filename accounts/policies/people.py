"""Rules about people, which the storeys above rest on too."""

from allauth.account.models import EmailAddress
from django.utils.translation import gettext_lazy as _

from accounts.audit import Actor
from accounts.errors import DomainError, Invalid, NotAllowed
from accounts.models import User
from accounts.roles import Permission, require


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


def check_change_role(person: User, reason: str, by: Actor) -> None:
    """Administrators change roles of others, with a reason, and never leave the platform without one of them.
    A command on the server may do what no person may. The caller has locked the person's row."""
    if not reason.strip():
        raise Invalid(_("Say why the role changes."), field="reason")
    if not isinstance(by, User):
        return
    require(by, Permission.PEOPLE_MANAGE)
    if by.pk == person.pk:
        raise NotAllowed(_("Nobody changes their own role. Ask another administrator."))


def can_change_role(person: User, by: User) -> bool:
    try:
        check_change_role(person, "-", by)
    except DomainError:
        return False
    return True
