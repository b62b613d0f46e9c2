"""The demo's people and the workspaces that they share."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from allauth.account.models import EmailAddress

from accounts import demo
from accounts.actions.invitations import accept_invitation, invite_member
from accounts.actions.people import register_person
from accounts.actions.workspaces import create_workspace, suspend_workspace
from accounts.invitations import secret_for
from accounts.models import MembershipRole, User
from tokens.demo.story import Stage, Step, Table, read, span

FOUR_JOINED: Final = timedelta(days=95)


def steps(stage: Stage) -> Iterator[Step]:
    yield Step(FOUR_JOINED, partial(_four, stage))
    for told in read("people")["people"]:
        yield Step(span(told["joined"]), partial(_person, stage, told))
    for told in read("workspaces")["workspaces"]:
        yield Step(span(told["made"]), partial(_workspace, stage, told))
        for member in told.get("members", []):
            yield Step(span(member["joined"]), partial(_member, stage, told["key"], member))
        if "suspended" in told:
            yield Step(span(told["suspended"]["ago"]), partial(_suspend, stage, told))


def _four(stage: Stage) -> None:
    """The four that sign in."""
    people = demo.create_demo_people()
    for key, person in {
        "dev": people.developer,
        "maintainer": people.maintainer,
        "staff": people.auditor,
        "admin": people.administrator,
    }.items():
        _enters(stage, key, person)


def _person(stage: Stage, told: Table) -> None:
    """Nobody signs in as one of these: they have no password."""
    fields = {name: told[name] for name in ("name", "locale", "role") if name in told}
    person = User(email=told["email"], demo=True, **fields)
    person.set_unusable_password()
    register_person(person=person, by=demo.BY)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    _enters(stage, told["key"], person)


def _enters(stage: Stage, key: str, person: User) -> None:
    stage.people[key], stage.workspaces[key] = person, person.personal_workspace


def _workspace(stage: Stage, told: Table) -> None:
    stage.workspaces[told["key"]] = create_workspace(name=told["name"], by=stage.people[told["owner"]])


def _member(stage: Stage, workspace: str, told: Table) -> None:
    """Invited and come, the way everybody does."""
    person, shared = stage.people[told["person"]], stage.workspaces[workspace]
    owner = shared.memberships.get(role=MembershipRole.OWNER).user
    invitation = invite_member(
        workspace=shared, email=person.email, role=told.get("role", MembershipRole.MEMBER), by=owner
    )
    accept_invitation(invitation=invitation, secret=secret_for(invitation.public_id), by=person)


def _suspend(stage: Stage, told: Table) -> None:
    suspend_workspace(
        workspace=stage.workspaces[told["key"]], reason=told["suspended"]["reason"], by=stage.administrator
    )
