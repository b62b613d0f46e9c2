"""The frame of a page follows the person's permissions, and costs a fixed number of queries."""

from typing import cast

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.access import SignedInRequest, current_workspace
from accounts.models import Membership, PlatformRole, User, Workspace
from config import navigation
from config.context_processors import Shell, shell
from config.navigation import Section


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("noor@example.org", name="Noor Haddad")


def asked_by(user: User | AnonymousUser) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    request.session = SessionStore()
    return request


def own(person: User, name: str, *, personal: bool = False) -> Workspace:
    workspace = Workspace.objects.create(name=name, personal_of=person if personal else None)
    Membership.objects.create(workspace=workspace, user=person, role="owner")
    return workspace


def sections_of(role: str) -> set[Section]:
    items = navigation.items_for(role, "", {})
    reviews = role != PlatformRole.DEVELOPER
    return {section for section, _ in navigation.at_the_side(items, reviews)}


@pytest.fixture
def _all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every page existed, so that the table itself is what is tested."""
    monkeypatch.setattr(navigation, "_address", lambda name: f"/{name.replace(':', '/')}/")


@pytest.mark.usefixtures("_all_pages")
@pytest.mark.parametrize(
    ("role", "sections"),
    [
        (PlatformRole.DEVELOPER, {Section.BUILD, Section.CLIMB, Section.WORKSPACE}),
        (PlatformRole.MAINTAINER, {Section.MAINTAIN}),
        (PlatformRole.AUDITOR, {Section.MAINTAIN, Section.STAFF}),
        (PlatformRole.ADMINISTRATOR, {Section.MAINTAIN, Section.STAFF}),
    ],
)
def test_the_side_follows_what_a_person_may_do(role: str, sections: set[Section]) -> None:
    assert sections_of(role) == sections


@pytest.mark.usefixtures("_all_pages")
def test_only_those_who_manage_gateways_are_led_there() -> None:
    def names(role: str) -> set[str]:
        return {item.href for item in navigation.items_for(role, "", {})}

    assert "/gateways/" in names(PlatformRole.ADMINISTRATOR)
    assert "/gateways/" not in names(PlatformRole.AUDITOR)


@pytest.mark.usefixtures("_all_pages")
def test_a_visitor_is_led_only_to_what_is_public() -> None:
    assert {item.href for item in navigation.items_for(None, "", {})} == {"/ladder/", "/models/", "/reference/"}


@pytest.mark.usefixtures("_all_pages")
@pytest.mark.parametrize(
    ("view_name", "href", "current"),
    [
        ("home", "/home/", "page"),
        ("applications:list", "/applications/list/", "page"),
        ("tokens:rotate", "/applications/list/", "true"),
        ("requests:detail", "/requests/list/", "true"),
        ("models", "/ladder/", "true"),
    ],
)
def test_a_page_is_marked_as_where_one_is(view_name: str, href: str, current: str) -> None:
    at_side = [i for i in navigation.items_for("developer", view_name, {}) if i.section is not Section.PALETTE]
    assert [(item.href, item.current) for item in at_side if item.current] == [(href, current)]


def test_a_page_that_does_not_exist_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = navigation.Entry(Section.BUILD, "no:such", navigation.ENTRIES[0].label, "house")
    monkeypatch.setattr(navigation, "ENTRIES", (entry,))
    assert navigation.items_for("developer", "", {}) == []


def test_the_personal_workspace_comes_first_and_stands_until_another_is_chosen(person: User) -> None:
    atelier = own(person, "Atelier")
    mine = own(person, "Noor", personal=True)
    request = asked_by(person)
    assert Shell(request).workspaces == [mine, atelier]
    assert Shell(request).workspace == mine
    request.session["workspace"] = atelier.public_id
    assert Shell(request).workspace == atelier


def test_the_personal_workspace_of_another_does_not_come_before_ones_own(person: User) -> None:
    mine = own(person, "Noor", personal=True)
    other = User.objects.create_user("ann@example.org", name="Ann")
    shared = own(other, "Ann", personal=True)
    Membership.objects.create(workspace=shared, user=person, role="member")
    assert Shell(asked_by(person)).workspaces == [mine, shared]
    assert Shell(asked_by(person)).workspace == mine
    assert current_workspace(cast(SignedInRequest, asked_by(person))) == mine


def test_a_workspace_that_one_has_left_no_longer_stands(person: User) -> None:
    mine = own(person, "Noor", personal=True)
    stranger = Workspace.objects.create(name="Strangers")
    request = asked_by(person)
    request.session["workspace"] = stranger.public_id
    assert Shell(request).workspace == mine


def test_a_fragment_without_a_shell_costs_no_query(
    person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        shell(asked_by(person))


@pytest.mark.parametrize(("role", "queries"), [("developer", 3), ("maintainer", 1)])
def test_the_frame_costs_the_same_for_any_number_of_workspaces(
    person: User, role: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person.role = role
    for number in range(4):
        own(person, f"W{number}")
    frame = Shell(asked_by(person))
    with django_assert_num_queries(queries):
        assert frame.sections is not None
        assert frame.items is not None
        assert frame.reviews or frame.workspace
