"""A token is shown in the answer to the form, and never again."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.urls import reverse

from accounts.clock import now
from tests import factories
from tests.fixtures.signing_in import browser
from tokens import keys
from tokens.actions.applications import suspend_application
from tokens.models import Token

NEW = "/tokens/new/"


def typed(world: SimpleNamespace, **values: Any) -> dict[str, Any]:
    """What the form holds when it is opened, filled in."""
    form = world.client.get(NEW).context["form"]
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    application = {"application": world.application.public_id, "name": "batch worker"}
    return {**{name: value for name, value in initial.items() if value}, **application, **values}


def mint(world: SimpleNamespace, **values: Any) -> HttpResponse:
    answer: HttpResponse = world.client.post(NEW, typed(world, **values))
    return answer


def shown(answer: HttpResponse) -> str:
    text: str = answer.context["text"]  # type: ignore[attr-defined]
    return text


def test_the_answer_shows_it_once_and_is_kept_nowhere(world: SimpleNamespace) -> None:
    answer = mint(world)
    assert answer.status_code == 200
    assert keys.parse_token(shown(answer)) is not None
    assert answer.content.decode().count(shown(answer)) == 1
    assert "no-store" in answer["Cache-Control"]
    assert "Location" not in answer


def test_no_page_shows_it_again(world: SimpleNamespace) -> None:
    text = shown(mint(world))
    made = Token.objects.get(name="batch worker")
    pages = ["/", "/tokens/", NEW, "/workspace/activity/", reverse("tokens:detail", args=[made.public_id])]
    pages.append(reverse("applications:detail", args=[world.application.public_id]))
    for path in pages:
        page = world.client.get(path).content.decode()
        assert text not in page, path
        assert text.split("_")[3] not in page, path
    assert all(text not in str(session.get_decoded()) for session in Session.objects.all())


def test_a_form_sent_twice_mints_once(world: SimpleNamespace) -> None:
    values = typed(world)
    first, second = world.client.post(NEW, values), world.client.post(NEW, values)
    assert (first.status_code, second.status_code) == (200, 409)
    assert shown(first) not in second.content.decode()
    assert f"/tokens/{values['once']}/" in second.content.decode()
    assert Token.objects.filter(name="batch worker").count() == 1


def test_it_ends_in_90_days_unless_said_otherwise(world: SimpleNamespace) -> None:
    mint(world)
    ends_at = Token.objects.get(name="batch worker").expires_at
    assert ends_at is not None
    assert abs(ends_at - now() - timedelta(days=90)) < timedelta(minutes=1)


def test_never_is_a_choice(world: SimpleNamespace) -> None:
    mint(world, ends="never")
    assert Token.objects.get(name="batch worker").expires_at is None


def test_the_restrictions_are_those_that_were_typed(world: SimpleNamespace) -> None:
    mint(
        world,
        models="gpt-4o-mini\nflux, gpt-4o-mini",
        operations=["chat_completion"],
        permissions=["generate"],
        addresses="203.0.113.7",
        origins="*.Example.com",
    )
    made = Token.objects.get(name="batch worker")
    assert made.allowed_models == ["flux-schnell", "gpt-4o-mini"]
    assert made.allowed_operations == ["chat_completion"]
    assert made.allowed_permissions == ["generate"]
    assert made.allowed_addresses == ["203.0.113.7/32"]
    assert made.allowed_origins == ["*.example.com"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("models", "gpt-9000"),
        ("addresses", "300.1.2.3"),
        ("origins", "https://example.com/path"),
        ("name", ""),
        ("ends", "day"),
        ("ends", "tomorrow"),
        ("kind", "gateway"),
        ("application", "0123456789ab"),
        ("once", "not an id"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(world: SimpleNamespace, field: str, wrong: str) -> None:
    answer = mint(world, **{"models": "gpt-4o-mini", "addresses": "198.51.100.0/24", field: wrong})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in page
    kept = {"models": "gpt-4o-mini", "addresses": "198.51.100.0/24"} | {field: wrong}
    assert kept["models"] in page
    assert kept["addresses"] in page
    assert not Token.objects.filter(name="batch worker").exists()


def test_a_publishable_token_needs_an_origin(world: SimpleNamespace) -> None:
    world.domain.delete()
    answer = mint(world, kind="publishable")
    assert answer.status_code == 422
    assert "origins" in answer.context["form"].errors  # type: ignore[attr-defined]


def test_a_proof_is_asked_again_after_a_while(world: SimpleNamespace) -> None:
    session = world.client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 1}]
    session.save()
    values = {"application": world.application.public_id, "name": "batch worker", "kind": "secret", "ends": "90"}
    for answer in (world.client.get(NEW), world.client.post(NEW, values)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not Token.objects.filter(name="batch worker").exists()


def test_without_an_application_the_way_leads_there(world: SimpleNamespace) -> None:
    answer = browser(factories.person("Sam")).get(NEW)
    assert answer["Location"] == f"/applications/new/?next={quote(NEW, safe='')}"


def test_a_suspended_application_mints_nothing_and_says_why(world: SimpleNamespace) -> None:
    suspend_application(application=world.application, reason="Complaints", by=factories.administrator())
    answer = mint(world)
    assert answer.status_code == 403
    assert "Complaints" in answer.content.decode()
