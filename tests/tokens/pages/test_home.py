"""Home is for who comes: everybody lands where their work is."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from accounts.clock import now
from accounts.models import User
from tests import factories
from tests.fixtures.signing_in import browser
from tests.tokens.pages.conftest import ask
from tokens.actions.reviews import approve_request
from tokens.models import Domain, Token


def test_a_visitor_is_told_what_it_is_and_how_to_come_in(db: None) -> None:
    answer = Client().get("/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert reverse("account_login") in page
    assert reverse("ladder") in page


@pytest.mark.parametrize(
    ("who", "where"), [("maintainer", "review:queue"), ("administrator", "review:queue"), ("auditor", "holdings")]
)
def test_who_works_for_the_platform_starts_at_the_work(db: None, who: str, where: str) -> None:
    person: User = getattr(factories, who)()
    assert browser(person).get("/")["Location"] == reverse(where)


def test_a_developer_sees_applications_tokens_and_where_the_request_stands(world: SimpleNamespace) -> None:
    page = world.client.get("/").content.decode()
    for name in ("Lantern", "production", "lantern.example.com", "Number 1 of 1 in line"):
        assert name in page


def test_what_waits_for_an_answer_comes_before_a_draft(world: SimpleNamespace) -> None:
    ask(factories.application(world.noor, "Other"), by=world.noor, sent=False)
    assert world.client.get("/").context["asked"] == world.asked


def test_what_was_decided_lately_is_there(world: SimpleNamespace) -> None:
    approve_request(access_request=world.asked, version=world.asked.version, by=factories.maintainer())
    page = world.client.get("/").content.decode()
    assert "Lately decided" in page
    assert "Number" not in page


def test_the_first_steps_are_read_from_what_is_there(world: SimpleNamespace) -> None:
    def done() -> list[bool]:
        return [step.done for step in world.client.get("/").context["steps"].all]

    assert done() == [True, True, False, False, False]
    Token.objects.update(last_used_at=world.token.created_at)
    Domain.objects.update(proved_at=world.token.created_at, proved_method="dns")
    factories.join(world.application.workspace, factories.person("Kim"))
    assert done() == [True, True, True, True, True]


def test_a_new_person_is_led_to_the_first_application(db: None) -> None:
    factories.catalogue()
    page = browser(factories.person("Sam")).get("/").content.decode()
    assert "No application yet" in page
    assert reverse("applications:new") in page


def test_a_token_that_ends_soon_is_marked(world: SimpleNamespace) -> None:
    assert "soon</span>" not in world.client.get("/").content.decode()
    factories.token(world.application, name="short", expires_at=now() + timedelta(days=3))
    assert "soon</span>" in world.client.get("/").content.decode()
