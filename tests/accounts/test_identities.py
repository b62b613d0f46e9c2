"""Identities of other sites, against a small GitHub on this machine: joined only from one's own session."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.core.cache import cache
from django.test import Client

from accounts.models import AuditEvent, User, Workspace
from tests.accounts.people import person, sign_in

pytestmark = pytest.mark.django_db


class GitHub(ThreadingHTTPServer):
    """Answers as GitHub does for one of its users."""

    user = {"id": 42, "login": "ada", "name": "Ada Byron", "email": None}
    emails: list[dict[str, object]] = []

    def is_now(self, login: str, email: str, verified: bool, uid: int = 42) -> None:
        self.user = {"id": uid, "login": login, "name": "Ada Byron", "email": None}
        self.emails = [{"email": email, "primary": True, "verified": verified}]


class Answers(BaseHTTPRequestHandler):
    server: GitHub

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"access_token": "gho_test", "token_type": "bearer", "scope": "user:email"})

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "token gho_test"
        self._answer(self.server.emails if self.path == "/user/emails" else self.server.user)

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def github(monkeypatch) -> Iterator[GitHub]:
    server = GitHub(("127.0.0.1", 0), Answers)
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(GitHubOAuth2Adapter, "access_token_url", f"{url}/login/oauth/access_token")
    monkeypatch.setattr(GitHubOAuth2Adapter, "profile_url", f"{url}/user")
    monkeypatch.setattr(GitHubOAuth2Adapter, "emails_url", f"{url}/user/emails")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def come_from_github(client: Client, process: str = "login"):
    """Start there and come back, as a browser does. The answer to the callback."""
    away = client.post(f"/accounts/github/login/?process={process}")
    assert away.status_code == 302
    sent = parse_qs(urlsplit(away["Location"]).query)
    assert "code_challenge" in sent
    return client.get("/accounts/github/login/callback/", {"code": "abc", "state": sent["state"][0]})


def is_signed_in(client: Client, as_: User | None = None) -> bool:
    key = client.session.get("_auth_user_id")
    return key is not None and (as_ is None or key == str(as_.pk))


def test_a_new_person_comes_with_a_workspace(client, github):
    github.is_now("ada", "ada@example.com", verified=True)
    come_from_github(client)
    made = User.objects.get()
    assert is_signed_in(client, made)
    assert (made.email, made.name, made.has_usable_password()) == ("ada@example.com", "Ada Byron", False)
    assert Workspace.objects.get(personal_of=made).name == "Ada Byron"
    assert SocialAccount.objects.get().uid == "42"
    assert AuditEvent.objects.filter(action="person.registered", actor=made).count() == 1
    assert EmailAddress.objects.get(user=made).verified


def test_a_known_address_is_told_to_sign_in_first(client, github):
    ada = person("ada@example.com")
    github.is_now("ada", "Ada@Example.com", verified=True)
    response = come_from_github(client)
    assert response.status_code == 409
    assert "Sign in first" in response.content.decode()
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert list(User.objects.all()) == [ada]


def test_an_unproved_address_learns_nothing_and_gets_nowhere(client, github):
    person("ada@example.com")
    github.is_now("mallory", "ada@example.com", verified=False)
    response = come_from_github(client)
    assert response.status_code == 302
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1


def test_from_ones_own_session_it_is_joined_and_then_signs_in(client, github):
    ada = person("ada@example.com")
    github.is_now("ada", "other@example.com", verified=True)
    come_from_github(sign_in(ada), process="connect")
    assert SocialAccount.objects.get().user == ada
    github.is_now("renamed", "third@example.com", verified=True)
    come_from_github(client)
    assert is_signed_in(client, ada)
    assert User.objects.count() == 1


def test_the_name_of_somebody_else_does_not_make_one_them(client, github):
    ada = person("ada@example.com")
    github.is_now("ada", "ada@users.example.com", verified=True)
    come_from_github(sign_in(ada), process="connect")
    github.is_now("ada", "mallory@example.com", verified=True, uid=666)
    come_from_github(client)
    assert not is_signed_in(client, ada)
    assert SocialAccount.objects.get(uid="666").user != ada


def test_an_identity_of_somebody_else_cannot_be_joined(github):
    ada, bob = person("ada@example.com"), person("bob@example.com")
    github.is_now("ada", "a@example.com", verified=True)
    come_from_github(sign_in(ada), process="connect")
    cache.clear()
    come_from_github(sign_in(bob), process="connect")
    assert SocialAccount.objects.get().user == ada


def test_looking_at_the_way_to_github_does_not_go_there(client, github):
    response = client.get("/accounts/github/login/?process=login")
    assert response.status_code == 200
    assert "Continue with GitHub" in response.content.decode()


def test_an_answer_that_nobody_asked_for_is_refused(client, github):
    github.is_now("ada", "ada@example.com", verified=True)
    response = client.get("/accounts/github/login/callback/", {"code": "abc", "state": "made-up"})
    assert response.status_code in {200, 401, 403}
    assert not is_signed_in(client)
    assert not User.objects.exists()
