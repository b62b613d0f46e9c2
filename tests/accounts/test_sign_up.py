"""Signing up through the real pages: a person, a personal workspace, a confirmed address."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import AuditEvent, Membership, MembershipRole, User, Workspace

pytestmark = pytest.mark.django_db
FORM = {"email": "Ada@Example.com", "password1": "correct horse battery", "name": "Ada Byron"}


def code_in_mail() -> str:
    found = re.search(r"^([0-9A-Z]{4}-[0-9A-Z]{4})$", mail.outbox[-1].body, re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]


def ten_seconds_later() -> None:
    """One mail in ten seconds goes to an address. That is counted in the cache alone."""
    cache.clear()


def test_sign_up_makes_a_person_with_a_personal_workspace(client: Client):
    response = client.post("/accounts/signup/", FORM)
    assert response.status_code == 302
    person = User.objects.get(email="ada@example.com")
    assert (person.name, person.role, person.demo) == ("Ada Byron", "developer", False)
    workspace = Workspace.objects.get(personal_of=person)
    assert Membership.objects.get(workspace=workspace).role == MembershipRole.OWNER
    event = AuditEvent.objects.get(action="person.registered")
    assert (event.workspace, event.actor, event.origin.address) == (workspace, person, "127.0.0.1")


def test_the_address_is_confirmed_by_the_code_in_the_mail(client: Client):
    client.post("/accounts/signup/", FORM)
    person = User.objects.get()
    assert not EmailAddress.objects.filter(user=person, verified=True).exists()
    response = client.post("/accounts/confirm-email/", {"code": code_in_mail()})
    assert response.status_code == 302
    assert EmailAddress.objects.get(user=person).verified
    assert client.session["_auth_user_id"] == str(person.pk)


def test_nothing_asks_again_who_has_just_signed_up(client: Client):
    """The first token is a minute away."""
    client.post("/accounts/signup/", FORM)
    client.post("/accounts/confirm-email/", {"code": code_in_mail()})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    assert client.get("/tokens/new/")["Location"] == "/applications/new/?next=%2Ftokens%2Fnew%2F"


def test_the_mail_has_nothing_that_was_typed(client: Client):
    client.post("/accounts/signup/", {**FORM, "name": "Win at https://evil.example"})
    text = mail.outbox[-1].subject + mail.outbox[-1].body
    assert "evil.example" not in text
    assert "Win" not in text


def test_a_wrong_code_confirms_nothing(client: Client):
    client.post("/accounts/signup/", FORM)
    response = client.post("/accounts/confirm-email/", {"code": "ZZZZ-ZZZZ"})
    assert "_auth_user_id" not in client.session
    assert not EmailAddress.objects.get().verified
    assert response.status_code in {200, 302}


def test_a_taken_address_is_not_told_to_the_stranger_but_mailed_to_its_owner(client: Client):
    client.post("/accounts/signup/", FORM)
    ten_seconds_later()
    stranger = Client()
    response = stranger.post("/accounts/signup/", {**FORM, "password1": "another good password"})
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/confirm-email/")
    assert User.objects.count() == 1
    assert mail.outbox[-1].to == ["ada@example.com"]
    assert not re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", mail.outbox[-1].body)


def test_the_language_of_the_browser_becomes_the_persons(client: Client):
    client.post("/accounts/signup/", FORM, headers={"accept-language": "zh-hans"})
    assert User.objects.get().locale == "zh-hans"


def test_a_dead_mail_server_is_said_and_the_person_can_go_on_later(client: Client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    response = client.post("/accounts/signup/", FORM)
    assert response.status_code == 503
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    ten_seconds_later()
    client.post("/accounts/login/", {"login": FORM["email"], "password": FORM["password1"]})
    assert client.post("/accounts/confirm-email/", {"code": code_in_mail()}).status_code == 302
    assert "_auth_user_id" in client.session
