"""GitHub tells of tokens that it found in public: they stop working, and their owners hear of it."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.clock import now
from accounts.models import AuditEvent
from tests.factories import administrator, application, person, token
from tests.tokens.network.servers import web_server
from tiers.actions.replays import replay_event
from tiers.models import InboxState, ProviderEvent, Tier
from tokens.actions.leaks import revoke_leaked
from tokens.actions.tokens import revoke_token, rotate_token
from tokens.models import Token, TokenSecret
from tokens.restrictions import Restrictions
from tokens.tasks import tell_owners_of_leak

URL = "https://github.com/octocat/hello/blob/main/settings.py"
KEY = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> str:
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return str(key.public_key().public_bytes(*form).decode())


@dataclass
class GitHub:
    """Publishes its keys, and signs what it sends."""

    published: dict[str, str] = field(default_factory=lambda: {"current": pem(KEY)})
    asked: int = 0
    away: bool = False

    def sign(self, body: bytes, key: ec.EllipticCurvePrivateKey = KEY) -> str:
        return base64.b64encode(key.sign(body, ec.ECDSA(hashes.SHA256()))).decode()

    def send(self, body: Any, *, name: str = "current", signature: str | None = None) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = self.sign(raw) if signature is None else signature
        headers = {"Github-Public-Key-Identifier": name, "Github-Public-Key-Signature": signed}
        path = "/webhooks/github/secret-scanning"
        return Client().post(path, raw, content_type="application/json", headers=headers)

    def report(self, *texts: str, url: str = URL) -> Any:
        return self.send([{"token": text, "type": "trellis_token", "url": url, "source": "content"} for text in texts])


@contextmanager
def serving(github: GitHub) -> Iterator[str]:
    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            github.asked += 1
            keys = [{"key_identifier": name, "key": key, "is_current": True} for name, key in github.published.items()]
            raw = json.dumps({"public_keys": keys}).encode()
            self.send_response(503 if github.away else 200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_args: Any) -> None:
            """Quiet."""

    with web_server(Keys) as port:
        yield f"http://127.0.0.1:{port}/meta/public_keys/secret_scanning"


@pytest.fixture
def github(db: None, settings: Settings) -> Iterator[GitHub]:
    Tier.objects.create(slug="seed", name="Seed", rank=1, requests_per_minute=60, self_service=True)
    found = GitHub()
    with serving(found) as url:
        settings.SECRET_SCANNING_KEYS_URL = url
        settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        yield found


def test_a_leaked_token_is_revoked_and_says_so(github: GitHub) -> None:
    minted = token()
    answer = github.report(minted.text)
    assert (answer.status_code, answer.json()) == (
        200,
        [
            {
                "token_hash": hashlib.sha256(minted.text.encode()).hexdigest(),
                "token_type": "trellis_token",
                "label": "true_positive",
            }
        ],
    )
    found = Token.objects.get()
    assert found.leaked
    assert found.revoked_at is not None
    assert URL in found.revoked_reason
    event = AuditEvent.objects.get(action="token.revoked")
    assert (event.actor_name, event.reason) == ("GitHub secret scanning", found.revoked_reason)


def test_nothing_that_is_kept_has_the_token_in_clear(github: GitHub, caplog: pytest.LogCaptureFixture) -> None:
    minted = token()
    github.report(minted.text, url=f"https://example.com/?leaked={minted.text}")
    event = ProviderEvent.objects.get()
    assert event.state == InboxState.APPLIED
    kept = [bytes(event.body).decode(), json.dumps(event.headers), Token.objects.get().revoked_reason, caplog.text]
    assert not any(minted.text in text for text in kept)
    assert minted.text[-4:] in kept[0]


def test_the_same_report_twice_has_one_effect(github: GitHub) -> None:
    minted = token()
    first, second = github.report(minted.text), github.report(minted.text)
    assert first.json() == second.json()
    event = ProviderEvent.objects.get()
    assert event.repeats == 1
    revoke_leaked(event)
    assert AuditEvent.objects.filter(action="token.revoked").count() == 1


def test_staff_read_a_report_in_the_inbox_and_may_replay_it(github: GitHub) -> None:
    github.report(token().text)
    event, admin = ProviderEvent.objects.get(), administrator()
    assert replay_event(event=event, by=admin).state == InboxState.APPLIED
    client = Client()
    client.force_login(admin, backend="accounts.backends.PeopleBackend")
    page = client.get(f"/events/{event.public_id}/")
    assert page.status_code == 200
    assert URL in page.content.decode()


def test_what_is_not_ours_is_a_false_positive(github: GitHub) -> None:
    texts = ["", "ghp_1", "trl_sk_" + "0" * 47, "ä\ud800", token().text[:-1] + "!"]
    labels = [one["label"] for one in github.report(*texts).json()]
    assert labels == ["false_positive"] * len(texts)
    assert not Token.objects.exclude(revoked_at=None).exists()


def test_a_publishable_token_is_in_public_by_its_nature(github: GitHub) -> None:
    minted = token(kind="publishable", restrictions=Restrictions(origins=("app.example.com",)))
    assert github.report(minted.text).status_code == 200
    assert Token.objects.get().revoked_at is None


def test_a_token_that_was_revoked_before_keeps_its_reason(github: GitHub) -> None:
    minted = token()
    revoke_token(token=minted.token, reason="Not needed", by=minted.token.created_by)
    assert github.report(minted.text).json()[0]["label"] == "true_positive"
    found = Token.objects.get()
    assert (found.revoked_reason, found.leaked) == ("Not needed", False)


def test_of_a_rotated_token_the_leaked_secret_alone_ends(github: GitHub) -> None:
    minted = token()
    rotate_token(token=minted.token, overlap=timedelta(days=7), by=minted.token.created_by)
    github.report(minted.text)
    assert Token.objects.get().revoked_at is None
    old = TokenSecret.objects.get(last4=minted.text[-4:])
    assert old.ends_at is not None
    assert old.ends_at <= now()
    assert URL in AuditEvent.objects.get(action="token.secret_ended").reason


def test_the_owners_are_told_by_mail_once(github: GitHub) -> None:
    owner = person("Noor")
    minted = token(application(owner, name="Lantern"))
    github.report(minted.text)
    for _time in range(2):
        tell_owners_of_leak(TokenSecret.objects.get().pk)
    (sent,) = mail.outbox
    assert sent.to == [owner.email]
    assert "Lantern" in sent.body
    assert URL in sent.body
    assert minted.text not in sent.body


@pytest.mark.parametrize("signature", ["", "AAAA", "no base64!", "ä"])
def test_a_bad_signature_is_401_and_stores_nothing(github: GitHub, signature: str) -> None:
    body = [{"token": token().text}]
    another = github.sign(json.dumps(body).encode(), ec.generate_private_key(ec.SECP256R1()))
    for bad in (signature, another, github.sign(b"[]")):
        answer = github.send(body, signature=bad)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert not ProviderEvent.objects.exists()
    assert Token.objects.get().revoked_at is None


def test_a_key_of_another_kind_signs_nothing(github: GitHub) -> None:
    github.published = {"rsa": pem(rsa.generate_private_key(65537, 2048)), "none": "no key"}
    assert {github.send([], name=name).status_code for name in ("rsa", "none", "", "x" * 300)} == {401}


def test_a_new_key_is_asked_for_and_an_unknown_one_not_again_and_again(github: GitHub) -> None:
    assert github.send([]).status_code == 200
    assert [github.send([], name=f"unknown{number}").status_code for number in range(5)] == [401] * 5
    assert github.asked == 1
    github.published = {"next": github.published["current"]}
    cache.delete("secret-scanning:asked")  # As it is after a minute.
    assert github.send([], name="next").status_code == 200
    assert github.asked == 2


def test_while_the_keys_cannot_be_read_nothing_vouches_for_a_report(github: GitHub) -> None:
    github.away = True
    answers = [github.send([]) for _time in range(3)]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(401, "keys_away")}
    assert github.asked == 1
    assert not ProviderEvent.objects.exists()
    github.away = False
    cache.delete("secret-scanning:asked")  # As it is after ten seconds.
    assert github.send([]).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"{}", b"[1, null, []]", b"[" * 100_000, b'[{"token": 7}]', b"\xff"]
)
def test_a_report_that_cannot_be_read_is_kept_and_does_nothing(github: GitHub, body: bytes) -> None:
    assert github.send(body).status_code == 200
    assert ProviderEvent.objects.get().state == InboxState.APPLIED


def test_a_report_is_bounded(github: GitHub) -> None:
    assert github.send(b" " * ((1 << 20) + 1)).status_code == 413
    assert github.send([{"token": "x"}] * 1001).status_code == 413
    assert not ProviderEvent.objects.exists()
