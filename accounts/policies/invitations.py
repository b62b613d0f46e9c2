"""Rules about invitations. The caller has locked the workspace."""

from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from accounts.invitations import is_secret_of
from accounts.models import Invitation, Membership, MembershipRole, User, Workspace

A_DAY: Final = timedelta(days=1)
AT_MOST_A_DAY: Final = 20


def check_invite(workspace: Workspace, address: str, role: str, now: datetime) -> None:
    """Whether this address may be invited now. Revoked invitations count: their mail was sent all the same."""
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(_("Enter an e-mail address."), field="email") from None
    if role not in MembershipRole.values:
        raise Invalid(_("There is no such role."), field="role")
    if Membership.objects.filter(workspace=workspace, user__email__iexact=address).exists():
        raise Invalid(_("Somebody with this address is a member already."), field="email")
    if open_invitations(workspace, now).filter(email=address).exists():
        raise Invalid(_("This address has an open invitation. Revoke it to send another."), field="email")
    if Invitation.objects.filter(workspace=workspace, created_at__gt=now - A_DAY).count() >= AT_MOST_A_DAY:
        raise TooMany(_("A workspace sends at most 20 invitations a day. Go on tomorrow."))


def open_invitations(workspace: Workspace, now: datetime) -> models.QuerySet[Invitation]:
    return Invitation.objects.filter(workspace=workspace, accepted_at=None, revoked_at=None, expires_at__gt=now)


def check_revoke(invitation: Invitation) -> None:
    if invitation.accepted_at is not None:
        raise Conflict(_("This invitation was accepted already. Remove the member instead."))
    if invitation.revoked_at is not None:
        raise Conflict(_("This invitation was revoked already."))


def check_open(invitation: Invitation, secret: str, now: datetime) -> None:
    """Whether the link is a good one. A wrong secret is NotFound: it tells nothing of the invitation."""
    if not is_secret_of(secret, invitation.secret_hash):
        raise NotFound(_("This link is not whole. Open it from the mail once more, or ask for a new invitation."))
    if invitation.accepted_at is not None:
        raise Conflict(_("This invitation was used already. It works once."))
    if invitation.revoked_at is not None:
        raise Conflict(_("This invitation was revoked. Ask the workspace for a new one."))
    if invitation.expires_at <= now:
        raise Conflict(_("This invitation has expired after 7 days. Ask the workspace for a new one."))


def check_accept(invitation: Invitation, secret: str, by: User, now: datetime) -> None:
    check_open(invitation, secret, now)
    if not has_confirmed(by, invitation.email):
        raise NotAllowed(_("This invitation is for another address. Sign in with it, or add it to your profile."))
    if Membership.objects.filter(workspace=invitation.workspace, user=by).exists():
        raise Conflict(_("You are a member of this workspace already."))


def has_confirmed(user: User, address: str) -> bool:
    """Whether this address is proved to be theirs: whoever merely got the link forwarded is not invited."""
    return bool(EmailAddress.objects.filter(user=user, email__iexact=address, verified=True).exists())
