"""People and workspaces for tests, made through the actions themselves."""

from itertools import count

from allauth.account.models import EmailAddress
from django.test import Client

from accounts.actions.people import register_person
from accounts.models import Membership, MembershipRole, PlatformRole, User, Workspace

PASSWORD = "correct horse battery"
_number = count(1)


def person(email: str = "", role: str = PlatformRole.DEVELOPER, verified: bool = True, **fields: object) -> User:
    """A registered person with a password and, unless said otherwise, a confirmed address."""
    made = User(email=email or f"person{next(_number)}@example.com", role=role, **fields)
    made.set_password(PASSWORD)
    register_person(person=made)
    EmailAddress.objects.create(user=made, email=made.email, verified=verified, primary=True)
    return made


def personal_workspace(user: User) -> Workspace:
    return Workspace.objects.get(personal_of=user)


def joined(workspace: Workspace, role: str = MembershipRole.MEMBER, **fields: object) -> Membership:
    """A new person who belongs to a workspace."""
    return Membership.objects.create(workspace=workspace, user=person(**fields), role=role)


def sign_in(user: User, password: str = PASSWORD) -> Client:
    """A browser in which that person has just signed in with the password: reauthentication holds for 15 minutes."""
    client = Client()
    response = client.post("/accounts/login/", {"login": user.email, "password": password})
    assert response.status_code == 302, response.content.decode()
    assert client.session["_auth_user_id"] == str(user.pk)
    return client
