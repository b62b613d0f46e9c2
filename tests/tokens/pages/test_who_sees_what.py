"""Every page of a developer, for everybody: visitors sign in first, others learn not even that it is there."""

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.fixtures.signing_in import browser

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


def test_a_visitor_is_sent_to_sign_in_and_comes_back(world: SimpleNamespace) -> None:
    for name in OWN:
        answer = Client().get(reverse(name) + "?tier=flower")
        assert answer.status_code == 302, name
        assert answer["Location"].startswith("/accounts/login/?next=/"), name
        assert "tier%3Dflower" in answer["Location"], name


def test_a_visitor_sees_nothing_of_one_thing(world: SimpleNamespace) -> None:
    for name, subject in OF_ONE:
        answer = Client().get(address(world, name, subject))
        assert answer.status_code == 302, name
        assert answer["Location"].startswith("/accounts/login/"), name


def test_what_is_anothers_is_not_there(world: SimpleNamespace) -> None:
    stranger = browser(factories.person("Sam"))
    for name, subject in OF_ONE:
        answer = stranger.get(address(world, name, subject))
        assert answer.status_code == 404, name
        assert "Lantern" not in answer.content.decode(), name


def test_nobody_else_changes_it(world: SimpleNamespace) -> None:
    stranger = browser(factories.person("Sam"))
    posted = {"host": "sam.example.com", "text": "Hello", "reason": "Mine"}
    for name, subject in POSTED:
        assert stranger.post(address(world, name, subject), posted).status_code == 404, name
        for thing in (world.token, world.asked):
            thing.refresh_from_db()
        assert world.token.revoked_at is None, name
        assert world.asked.state == "submitted", name
        assert list(world.application.domains.values_list("host", flat=True)) == ["lantern.example.com"], name


@pytest.mark.parametrize("role", ["member", "owner"])
def test_members_and_owners_see_it(world: SimpleNamespace, role: str) -> None:
    kim = factories.person("Kim")
    factories.join(world.application.workspace, kim, role)
    signed_in = browser(kim)
    for name, subject in OF_ONE:
        assert signed_in.get(address(world, name, subject)).status_code == 200, name


def test_a_new_person_sees_their_own_empty_pages(world: SimpleNamespace) -> None:
    stranger = browser(factories.person("Sam"))
    for name in OWN:
        answer = stranger.get(reverse(name), follow=True)
        assert answer.status_code == 200, name
        assert "Lantern" not in answer.content.decode(), name


def test_a_domain_of_another_application_is_not_removed_through_ones_own(world: SimpleNamespace) -> None:
    sam = factories.person("Sam")
    own = factories.application(sam, "Mine")
    path = reverse("applications:remove_domain", args=[own.public_id, world.domain.public_id])
    assert browser(sam).post(path).status_code == 404
    assert world.application.domains.count() == 1
