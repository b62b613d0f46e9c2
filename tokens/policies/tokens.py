"""Who may mint, rotate, revoke and edit a token, and when its state allows it. Instants are the database's."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.audit import Actor
from accounts.errors import Conflict, DomainError, Invalid, NotAllowed
from accounts.ids import is_public_id
from accounts.models import User
from accounts.policies import check_verified_email
from accounts.roles import Permission, require
from tiers.models import Grant
from tokens.models import Application, Domain, Token, TokenKind, TokenSecret
from tokens.policies.applications import check_is_live
from tokens.restrictions import Restrictions

MOST_TOKENS: Final = 50
OVERLAPS: Final = (timedelta(0), timedelta(hours=1), timedelta(hours=24), timedelta(days=7))
DEFAULT_EXPIRY_DAYS: Final = 90


def live(now: datetime) -> Q:
    """Tokens that may be used at that instant, as far as they themselves say."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def check_may_mint(user: User, application: Application) -> None:
    """Who may, and whether the application may have one more. What it stands on is checked by `check_stands`."""
    require(user, Permission.TOKEN_MANAGE, application.workspace)
    check_verified_email(user)
    check_is_live(application)


def why_not_mint(user: User, application: Application) -> str | None:
    """The reason why there is no button, or None where the person may."""
    try:
        check_may_mint(user, application)
    except DomainError as error:
        return str(error.message)
    return None


def check_once(once: str) -> None:
    """The id that a form brought along is one of ours, and free."""
    if once and not is_public_id(once):
        raise Invalid(_("This form is damaged. Open it again."))
    if once and Token.objects.filter(public_id=once).exists():
        message = _("This form was sent before, and made its token then. Its secret was shown only that once.")
        raise Conflict(message, public_id=once)


def check_seen(current: TokenSecret, seen: str) -> None:
    if seen and current.last4 != seen:
        raise Conflict(_("This token was rotated meanwhile. Its new secret was shown only that once."))


def check_room(application: Application, now: datetime) -> None:
    if Token.objects.filter(live(now), application=application).count() >= MOST_TOKENS:
        message = _("An application has at most %(number)d live tokens. Revoke one that is not used.")
        raise Conflict(message % {"number": MOST_TOKENS})


def check_stands(application: Application, now: datetime) -> None:
    """A token needs a tier to stand on. Where seed is self-service there always is one."""
    grants = Grant.objects.filter(
        Q(application_id=None) | Q(application_id=application.pk),
        Q(ends_at=None) | Q(ends_at__gt=now),
        workspace=application.workspace_id,
        tier__isnull=False,
        revoked_at=None,
        suspended_at=None,
        starts_at__lte=now,
    )
    if not grants.exists():
        message = _("“%(application)s” stands on no tier yet. Apply for one, then create its tokens.")
        raise NotAllowed(message % {"application": application.name}, remedy="apply")


def check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise Invalid(_("A token must end in the future."), field="expires_at")


def check_origins(kind: str, application: Application, restrictions: Restrictions) -> None:
    """A publishable token is in every visitor's hands: only the site it was made for may use it."""
    if kind != TokenKind.PUBLISHABLE or restrictions.origins:
        return
    if not Domain.objects.filter(application=application).exists():
        message = _("A publishable token needs at least one origin: name one here, or add a domain to the application.")
        raise Invalid(message, field="origins")


def check_manage(by: Actor, token: Token) -> None:
    """Tasks and rules act by the rule that they carry out."""
    if isinstance(by, User):
        require(by, Permission.TOKEN_MANAGE, token.workspace)


def check_not_revoked(token: Token) -> None:
    if token.revoked_at is not None:
        message = _("This token was revoked on %(at)s. A revoked token stays so: create a new one.")
        raise Conflict(message % {"at": _time(token.revoked_at)}, at=token.revoked_at)


def check_rotate(user: User, token: Token, overlap: timedelta, now: datetime) -> None:
    check_manage(user, token)
    check_is_live(token.application)
    check_not_revoked(token)
    if token.expires_at is not None and token.expires_at <= now:
        message = _("This token ended on %(at)s. Create a new one.")
        raise Conflict(message % {"at": _time(token.expires_at)}, at=token.expires_at)
    check_overlap(overlap)
    closing = TokenSecret.objects.filter(token=token, ends_at__gt=now).order_by("ends_at").last()
    if closing is not None and closing.ends_at is not None:
        message = _("A rotation is open: the old secret works until %(at)s. Rotate again after that.")
        raise Conflict(message % {"at": _time(closing.ends_at)}, at=closing.ends_at)


def why_not_rotate(user: User, token: Token, now: datetime) -> str | None:
    """The reason why it cannot be rotated at this instant, or None where the person may."""
    try:
        check_rotate(user, token, OVERLAPS[0], now)
    except DomainError as error:
        return str(error.message)
    return None


def check_overlap(overlap: timedelta) -> None:
    if overlap not in OVERLAPS:
        raise Invalid(
            _("Choose how long the old one goes on working: not at all, 1 hour, 24 hours or 7 days."), "overlap"
        )


def can_manage(user: User, token: Token) -> bool:
    """Whether there are buttons to rotate, edit and revoke."""
    try:
        check_manage(user, token)
        check_not_revoked(token)
    except DomainError:
        return False
    return True


def _time(at: datetime) -> str:
    return _("%(time)s UTC") % {"time": date_format(at, "DATETIME_FORMAT")}
