"""What tests start from: people, workspaces, the catalogue, applications and tokens, made as the site makes them."""

from itertools import count

from allauth.account.models import EmailAddress

from accounts.models import Membership, MembershipRole, PlatformRole, User, Workspace
from tests.factories.starter import catalogue
from tokens.actions.applications import create_application
from tokens.actions.tokens import Minted, mint_token
from tokens.models import Application
from tokens.restrictions import Restrictions

__all__ = ["catalogue"]
PASSWORD = "a long enough password"
_numbers = count(1)


def person(name: str = "Dana", role: str = PlatformRole.DEVELOPER, verified: bool = True) -> User:
    """Somebody with a personal workspace, whose address is confirmed unless said otherwise."""
    user = User.objects.create_user(f"{name.lower()}{next(_numbers)}@example.com", PASSWORD, name=name, role=role)
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    workspace, _ = Workspace.objects.get_or_create(personal_of=user, defaults={"name": name})
    Membership.objects.get_or_create(workspace=workspace, user=user, defaults={"role": MembershipRole.OWNER})
    return user


def administrator() -> User:
    return person("Ada", PlatformRole.ADMINISTRATOR)


def auditor() -> User:
    return person("Otto", PlatformRole.AUDITOR)


def maintainer() -> User:
    return person("Mika", PlatformRole.MAINTAINER)


def join(workspace: Workspace, user: User, role: str = MembershipRole.MEMBER) -> None:
    Membership.objects.create(workspace=workspace, user=user, role=role)


def application(by: User | None = None, name: str = "Chat") -> Application:
    by = by or person()
    return create_application(workspace=by.personal_workspace, name=name, by=by)


def token(of: Application | None = None, **values: object) -> Minted:
    """A token of the application, minted by who made it. Needs the catalogue."""
    of = of or application()
    given = {"kind": "secret", "name": "production", "expires_at": None, "restrictions": Restrictions(), **values}
    return mint_token(application=of, **{"by": of.created_by, **given})
