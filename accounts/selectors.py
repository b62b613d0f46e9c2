"""Every read that the pages about people need."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Case, Value, When
from django.db.models.functions import Lower

from accounts.activity import kept_from_workspaces
from accounts.models import AuditEvent, Invitation, Membership, MembershipRole, User, Workspace

PAGE_SIZE = 50


def members_of(workspace: Workspace) -> list[Membership]:
    """Owners first, then by name."""
    rank = Case(When(role=MembershipRole.OWNER, then=Value(0)), default=Value(1))
    members = Membership.objects.filter(workspace=workspace).select_related("user", "workspace")
    return list(members.order_by(rank, Lower("user__name"), "pk"))


def waiting_invitations(workspace: Workspace) -> list[Invitation]:
    """Neither accepted nor revoked, the newest first; those that ran out as well, for they explain a silence."""
    waiting = Invitation.objects.filter(workspace=workspace, accepted_at=None, revoked_at=None)
    return list(waiting.select_related("created_by").order_by("-pk")[:PAGE_SIZE])


@dataclass(frozen=True, slots=True)
class ActivityPage:
    events: list[AuditEvent]
    older: str
    newer: str


def activity_of(workspace: Workspace, before: int | None = None, after: int | None = None) -> ActivityPage:
    """One page of a workspace's events, the newest first, beside a `seq`. `older` and `newer` are query strings."""
    told = AuditEvent.objects.filter(workspace=workspace).exclude(action__in=kept_from_workspaces())
    events = told.select_related("actor")
    if after is not None:
        found = list(events.filter(seq__gt=after).order_by("seq")[: PAGE_SIZE + 1])
        more_newer, more_older = len(found) > PAGE_SIZE, True
        page = found[:PAGE_SIZE][::-1]
    else:
        if before is not None:
            events = events.filter(seq__lt=before)
        found = list(events.order_by("-seq")[: PAGE_SIZE + 1])
        more_newer, more_older = before is not None, len(found) > PAGE_SIZE
        page = found[:PAGE_SIZE]
    older = f"?before={page[-1].seq}" if page and more_older and page[-1].seq > 1 else ""
    newer = f"?after={page[0].seq}" if page and more_newer else ""
    return ActivityPage(page, older, newer)


@dataclass(frozen=True, slots=True)
class Security:
    """What protects one person's sign-in."""

    emails: list[EmailAddress]
    has_password: bool
    totp: Authenticator | None
    passkeys: list[Authenticator]
    recovery_codes: int
    has_recovery_codes: bool
    identities: list[SocialAccount]
    sessions: list[UserSession]

    @property
    def has_second_factor(self) -> bool:
        return self.totp is not None or bool(self.passkeys)


def security_of(user: User) -> Security:
    """Four reads, however much the person has set up."""
    kinds = Authenticator.Type
    found = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((a for a in found if a.type == kinds.RECOVERY_CODES), None)
    return Security(
        emails=list(EmailAddress.objects.filter(user=user).order_by("-primary", "email")),
        has_password=user.has_usable_password(),
        totp=next((a for a in found if a.type == kinds.TOTP), None),
        passkeys=[a for a in found if a.type == kinds.WEBAUTHN],
        recovery_codes=len(codes.wrap().get_unused_codes()) if codes else 0,
        has_recovery_codes=codes is not None,
        identities=list(SocialAccount.objects.filter(user=user).order_by("provider")),
        sessions=list(UserSession.objects.filter(user=user).order_by("-last_seen_at")[:PAGE_SIZE]),
    )


def is_open(invitation: Invitation, now: datetime) -> bool:
    return invitation.accepted_at is None and invitation.revoked_at is None and invitation.expires_at > now
