"""Roles on the platform: who has which permission, the second factor, and who may change a role."""

import threading
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import override_settings

from accounts.actions.people import change_role
from accounts.audit import Task
from accounts.errors import DomainError, Invalid, NotAllowed, NotFound, SecondFactorRequired
from accounts.models import AuditEvent, MembershipRole, PlatformRole, User
from accounts.roles import IN_WORKSPACE, PLATFORM_PERMISSIONS, WORKSPACE_PERMISSIONS, Permission, may, require
from tests.accounts.people import joined, person, personal_workspace, sign_in

pytestmark = pytest.mark.django_db
ON_PLATFORM = [p for p in Permission if p not in IN_WORKSPACE and p is not Permission.PUBLIC]
# Written out once more, so that a permission given by mistake fails a test.
STAFF = {
    "developer": "signed_in",
    "maintainer": "signed_in review.read review.decide",
    "auditor": "signed_in review.read holdings.read audit.read catalogue.read payments.read",
    "administrator": "signed_in review.read review.decide review.manage holdings.read holdings.change audit.read "
    "catalogue.read catalogue.change payments.read payments.manage gateway.manage suspend people.manage",
}


@pytest.mark.parametrize("permission", ON_PLATFORM)
@pytest.mark.parametrize("role", PlatformRole.values)
def test_roles_and_permissions_on_the_platform(role, permission):
    expected = permission in STAFF[role].split()
    assert (permission in PLATFORM_PERMISSIONS[role]) is expected
    assert may(person(role=role), permission) is expected


@pytest.mark.parametrize("permission", sorted(IN_WORKSPACE))
@pytest.mark.parametrize("role", MembershipRole.values)
def test_roles_and_permissions_in_a_workspace(role, permission):
    workspace = personal_workspace(person())
    member = joined(workspace, role).user
    assert may(member, permission, workspace) is (role == "owner" or permission != "workspace.manage")
    assert permission in WORKSPACE_PERMISSIONS[MembershipRole.OWNER]


@pytest.mark.parametrize("role", PlatformRole.values)
def test_no_role_on_the_platform_opens_the_workspace_of_others(role):
    workspace = personal_workspace(person())
    for permission in sorted(IN_WORKSPACE):
        with pytest.raises(NotFound):
            require(person(role=role), permission, workspace)


def test_whoever_was_switched_off_may_nothing():
    assert not may(person(is_active=False), Permission.SIGNED_IN)


@pytest.mark.parametrize("permission", ON_PLATFORM)
@pytest.mark.parametrize("role", PlatformRole.values)
@override_settings(SECOND_FACTOR_REQUIRED=True)
def test_staff_need_a_second_factor(role, permission):
    someone = person(role=role)
    if permission not in PLATFORM_PERMISSIONS[role] or permission is Permission.SIGNED_IN:
        return
    with pytest.raises(SecondFactorRequired):
        require(someone, permission)
    Authenticator.objects.create(user=someone, type=Authenticator.Type.RECOVERY_CODES, data={})
    with pytest.raises(SecondFactorRequired):
        require(someone, permission)
    Authenticator.objects.create(user=someone, type=Authenticator.Type.TOTP, data={})
    require(someone, permission)


@override_settings(SECOND_FACTOR_REQUIRED=True)
def test_a_page_that_needs_it_leads_to_where_it_is_set_up(rf):
    from accounts.middleware import DomainErrorMiddleware

    browser = sign_in(person(role=PlatformRole.AUDITOR))
    assert "needs a second factor" in browser.get("/profile/security/").content.decode()
    request = rf.get("/audit/")
    request.session, request._messages = browser.session, _Messages()
    response = DomainErrorMiddleware(lambda _: None).process_exception(request, SecondFactorRequired())
    assert response["Location"] == "/profile/security/"


class _Messages:
    def add(self, level, message, extra_tags="") -> None:
        assert "second factor" in message


def test_only_administrators_change_roles_and_never_their_own():
    administrator, someone = person(role=PlatformRole.ADMINISTRATOR), person()
    change_role(person=someone, role="maintainer", reason="joins the desk", by=administrator)
    event = AuditEvent.objects.get(action="person.role_changed")
    assert (event.before, event.after, event.reason) == (
        {"role": "developer"},
        {"role": "maintainer"},
        "joins the desk",
    )
    with pytest.raises(NotAllowed, match="their own"):
        change_role(person=administrator, role="developer", reason="tired", by=administrator)
    with pytest.raises(Invalid):
        change_role(person=someone, role="auditor", reason="", by=administrator)
    with pytest.raises(Invalid):
        change_role(person=someone, role="king", reason="why not", by=administrator)
    for role in ("developer", "maintainer", "auditor"):
        with pytest.raises(NotAllowed):
            change_role(person=someone, role="administrator", reason="please", by=person(role=role))


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_demote_each_other_leave_one():
    pair = [person(role=PlatformRole.ADMINISTRATOR) for _ in range(2)]
    barrier = threading.Barrier(2)
    refused: list[DomainError] = []

    def demote(by: User, other: User) -> None:
        barrier.wait()
        try:
            change_role(person=other, role="developer", reason="no longer here", by=by)
        except DomainError as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=demote, args=way) for way in [pair, pair[::-1]]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(role=PlatformRole.ADMINISTRATOR).count() == 1
    assert len(refused) == 1


def test_the_first_administrator_is_made_on_the_server(monkeypatch):
    monkeypatch.setenv("ADMINISTRATOR_PASSWORD", "a long and good one")
    out = StringIO()
    call_command("create_administrator", "Root@Example.com", name="Rosa", stdout=out)
    made = User.objects.get()
    assert (made.email, made.role, made.name) == ("root@example.com", "administrator", "Rosa")
    assert made.check_password("a long and good one")
    assert "a long" not in out.getvalue()
    assert {e.actor_name for e in AuditEvent.objects.all()} == {"create_administrator"}
    sign_in(made, "a long and good one")


def test_an_existing_person_becomes_administrator_and_a_weak_password_is_refused(monkeypatch):
    someone = person("ada@example.com", verified=False)
    call_command("create_administrator", "ada@example.com", stdout=StringIO())
    someone.refresh_from_db()
    assert someone.role == "administrator"
    monkeypatch.setenv("ADMINISTRATOR_PASSWORD", "short")
    with pytest.raises(CommandError, match="short"):
        call_command("create_administrator", "new@example.com", stdout=StringIO())
    assert not User.objects.filter(email="new@example.com").exists()


def test_a_role_is_changed_on_the_server():
    someone = person("ada@example.com")
    call_command("change_role", "ada@example.com", "auditor", reason="audits the spring", stdout=StringIO())
    someone.refresh_from_db()
    assert someone.role == "auditor"
    change_role(person=someone, role="developer", reason="spring is over", by=Task("test"))
    with pytest.raises(CommandError, match="nobody"):
        call_command("change_role", "nobody@example.com", "auditor", reason="x", stdout=StringIO())
