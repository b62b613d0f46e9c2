"""Every page of a developer, for everybody: visitors sign in first, others learn not even that it is there."""

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.tokens.pages.conftest import browser

OWN = ["applications:list", "applications:new", "tokens:list", "tokens:new", "requests:list", "requests:new"]
OF_ONE = [
    ("applications:detail", "application"),
    ("applications:edit", "application"),
    ("tokens:detail", "token"),
    ("tokens:edit", "token"),
    ("tokens:rotate", "token"),
    ("tokens:revoke", "token"),
    ("requests:detail", "asked"),
    ("requests:withdraw", "asked"),
]
POSTED = [
    ("applications:add_domain", "application"),
    ("requests:message", "asked"),
    ("tokens:revoke", "token"),
    ("requests:withdraw", "asked"),
]


def address(world: SimpleNamespace, name: str, subject: str) -> str:
    return reverse(name, args=[getattr(world, subject).public_id])


@pytest.mark.parametrize("name", OWN)
def test_a_visitor_is_sent_to_sign_in_and_comes_back(world: SimpleNamespace, name: str) -> None:
    answer = Client().get(reverse(name) + "?tier=flower")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/")
    assert "tier%3Dflower" in answer["Location"]


@pytest.mark.parametrize(("name", "subject"), OF_ONE)
def test_a_visitor_sees_nothing_of_one_thing(world: SimpleNamespace, name: str, subject: str) -> None:
    answer = Client().get(address(world, name, subject))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(("name", "subject"), OF_ONE)
def test_what_is_anothers_is_not_there(world: SimpleNamespace, name: str, subject: str) -> None:
    stranger = browser(factories.person("Sam"))
    answer = stranger.get(address(world, name, subject))
    assert answer.status_code == 404
    assert "Lantern" not in answer.content.decode()


@pytest.mark.parametrize(("name", "subject"), POSTED)
def test_nobody_else_changes_it(world: SimpleNamespace, name: str, subject: str) -> None:
    stranger = browser(factories.person("Sam"))
    posted = {"host": "sam.example.com", "text": "Hello", "reason": "Mine"}
    assert stranger.post(address(world, name, subject), posted).status_code == 404
    for thing in (world.token, world.asked):
        thing.refresh_from_db()
    assert world.token.revoked_at is None
    assert world.asked.state == "submitted"
    assert list(world.application.domains.values_list("host", flat=True)) == ["lantern.example.com"]


@pytest.mark.parametrize("role", ["member", "owner"])
@pytest.mark.parametrize(("name", "subject"), OF_ONE)
def test_members_and_owners_see_it(world: SimpleNamespace, name: str, subject: str, role: str) -> None:
    kim = factories.person("Kim")
    factories.join(world.application.workspace, kim, role)
    assert browser(kim).get(address(world, name, subject)).status_code == 200


@pytest.mark.parametrize("name", OWN)
def test_a_new_person_sees_their_own_empty_pages(world: SimpleNamespace, name: str) -> None:
    answer = browser(factories.person("Sam")).get(reverse(name), follow=True)
    assert answer.status_code == 200
    assert "Lantern" not in answer.content.decode()


def test_a_domain_of_another_application_is_not_removed_through_ones_own(world: SimpleNamespace) -> None:
    sam = factories.person("Sam")
    own = factories.application(sam, "Mine")
    path = reverse("applications:remove_domain", args=[own.public_id, world.domain.public_id])
    assert browser(sam).post(path).status_code == 404
    assert world.application.domains.count() == 1
