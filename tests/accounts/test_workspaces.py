"""Who may do what in a workspace, and that it never loses its last owner, not even to two who leave at once."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from accounts import clock
from accounts.actions.workspaces import (
    change_member_role,
    create_workspace,
    leave_workspace,
    remove_member,
    rename_workspace,
    resume_workspace,
    suspend_workspace,
)
from accounts.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TooMany
from accounts.models import AuditEvent, Membership, MembershipRole, PlatformRole, Workspace
from tests.accounts.people import joined, person, personal_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return person("owner@example.com")


@pytest.fixture
def workspace(owner):
    return create_workspace(name="Shared", by=owner)


def membership(workspace, user) -> Membership:
    return Membership.objects.get(workspace=workspace, user=user)


def test_who_makes_a_workspace_owns_it(workspace, owner):
    assert membership(workspace, owner).role == MembershipRole.OWNER
    assert AuditEvent.objects.get(action="workspace.created").workspace == workspace


def test_making_one_needs_a_confirmed_address():
    with pytest.raises(NotAllowed, match="Confirm"):
        create_workspace(name="Mine", by=person(verified=False))


def test_one_person_makes_twenty_a_day():
    someone = person()  # With the personal workspace, which counts.
    for number in range(19):
        create_workspace(name=f"Number {number}", by=someone)
    with pytest.raises(TooMany):
        create_workspace(name="One more", by=someone)
    Workspace.objects.filter(personal_of=someone).update(created_at=clock.now() - timedelta(days=1, seconds=1))
    create_workspace(name="One more", by=someone)


@pytest.mark.parametrize("name", ["", "   ", "n" * 81])
def test_a_workspace_has_a_name_of_some_length(workspace, owner, name):
    with pytest.raises(Invalid):
        rename_workspace(workspace=workspace, name=name, by=owner)
    with pytest.raises(Invalid):
        create_workspace(name=name, by=owner)


def test_renaming_says_before_and_after(workspace, owner):
    rename_workspace(workspace=workspace, name=" Garden ", by=owner)
    event = AuditEvent.objects.get(action="workspace.renamed")
    assert (event.before, event.after) == ({"name": "Shared"}, {"name": "Garden"})


def test_the_last_owner_cannot_leave_be_removed_or_demoted(workspace, owner):
    joined(workspace)
    with pytest.raises(Conflict, match="last owner"):
        leave_workspace(workspace=workspace, by=owner)
    with pytest.raises(Conflict, match="last owner"):
        remove_member(membership=membership(workspace, owner), by=owner)
    with pytest.raises(Conflict, match="last owner"):
        change_member_role(membership=membership(workspace, owner), role=MembershipRole.MEMBER, by=owner)


def test_an_owner_can_leave_once_there_is_another(workspace, owner):
    other = joined(workspace)
    change_member_role(membership=other, role=MembershipRole.OWNER, by=owner)
    leave_workspace(workspace=workspace, by=owner)
    assert list(workspace.memberships.values_list("user", flat=True)) == [other.user_id]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["leave", "demote each other", "remove each other"])
def test_of_two_owners_who_go_at_once_one_stays(way):
    owner = person()
    workspace = create_workspace(name="Shared", by=owner)
    other = joined(workspace, MembershipRole.OWNER).user
    refused: list[DomainError] = []
    barrier = threading.Barrier(2)

    def go(me, them) -> None:
        theirs = membership(workspace, them)
        barrier.wait()
        try:
            if way == "leave":
                leave_workspace(workspace=workspace, by=me)
            elif way == "remove each other":
                remove_member(membership=theirs, by=me)
            else:
                change_member_role(membership=theirs, role=MembershipRole.MEMBER, by=me)
        except DomainError as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=pair) for pair in [(owner, other), (other, owner)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Membership.objects.filter(workspace=workspace, role=MembershipRole.OWNER).count() == 1
    assert len(refused) == 1


def test_a_personal_workspace_keeps_its_person(owner):
    workspace = personal_workspace(owner)
    other = joined(workspace, MembershipRole.OWNER)
    with pytest.raises(Conflict, match="personal"):
        leave_workspace(workspace=workspace, by=owner)
    with pytest.raises(Conflict, match="personal"):
        remove_member(membership=membership(workspace, owner), by=other.user)
    leave_workspace(workspace=workspace, by=other.user)


ACTS = {
    "rename": lambda workspace, target, by: rename_workspace(workspace=workspace, name="New", by=by),
    "role": lambda workspace, target, by: change_member_role(membership=target, role="owner", by=by),
    "remove": lambda workspace, target, by: remove_member(membership=target, by=by),
    "suspend": lambda workspace, target, by: suspend_workspace(workspace=workspace, reason="abuse", by=by),
}
ALLOWED = {("owner", "rename"), ("owner", "role"), ("owner", "remove"), ("administrator", "suspend")}
HIDDEN = {"stranger", "maintainer", "auditor", "administrator"}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["owner", "member", "stranger", "maintainer", "auditor", "administrator"])
def test_who_may_do_what(workspace, owner, who, act):
    target = joined(workspace)
    by = {"owner": lambda: owner, "member": lambda: joined(workspace).user}.get(
        who, lambda: person(role=who if who in PlatformRole.values else PlatformRole.DEVELOPER)
    )()
    if (who, act) in ALLOWED:
        ACTS[act](workspace, target, by)
        return
    expected = NotFound if who in HIDDEN and act != "suspend" else NotAllowed
    with pytest.raises(expected):
        ACTS[act](workspace, target, by)


def test_suspension_raises_the_rights_version_and_ends_with_a_reason(workspace):
    administrator = person(role=PlatformRole.ADMINISTRATOR)
    with pytest.raises(Invalid):
        suspend_workspace(workspace=workspace, reason=" ", by=administrator)
    version = workspace.rights_version
    suspended = suspend_workspace(workspace=workspace, reason="abuse of the free tier", by=administrator)
    with pytest.raises(Conflict):
        suspend_workspace(workspace=workspace, reason="again", by=administrator)
    workspace.refresh_from_db()
    assert workspace.rights_version == version + 1
    assert suspended.suspended_reason == "abuse of the free tier"
    resume_workspace(workspace=workspace, reason="settled", by=administrator)
    workspace.refresh_from_db()
    assert (workspace.suspended_at, workspace.suspended_by, workspace.suspended_reason) == (None, None, "")
    assert workspace.rights_version == version + 2
    reasons = AuditEvent.objects.filter(workspace=workspace, reason__gt="").values_list("action", "reason")
    assert set(reasons) == {("workspace.suspended", "abuse of the free tier"), ("workspace.resumed", "settled")}
