"""GitHub's webhook of issues: whose signature is good is heard, nobody else."""

import hashlib
import hmac
import json
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse
from django.test import Client

from tests import factories
from tests.factories.issues import HEADINGS, payload
from tiers.models import ProviderEvent, Tier
from tokens.actions import issue_forms, issue_import
from tokens.models import AccessRequest, ImportedIssue

pytestmark = pytest.mark.django_db


@pytest.fixture
def hook(client: Client) -> SimpleNamespace:
    factories.catalogue()
    by, tier = factories.administrator(), Tier.objects.get(slug="flower")
    minted = issue_forms.add_form(repository="garden/requests", headings=HEADINGS, tier=tier, by=by)
    return SimpleNamespace(form=minted.form, secret=minted.text, client=client, by=by)


def message(action: str = "opened", **values: Any) -> dict[str, Any]:
    return {
        "action": action,
        "issue": payload(**values),
        "repository": {"id": 99, "full_name": "Garden/requests"},
        "sender": {"id": 583231},
    }


def send(
    hook: SimpleNamespace, said: object, *, secret: str = "", event: str = "issues", **headers: str
) -> HttpResponse:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    signature = hmac.new((secret or hook.secret).encode(), body, hashlib.sha256).hexdigest()
    sent = {
        "X-Hub-Signature-256": f"sha256={signature}",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "d-1",
        **headers,
    }
    address = f"/webhooks/github/issues/{hook.form.public_id}"
    answer: HttpResponse = hook.client.post(address, body, content_type="application/json", headers=sent)
    return answer


def test_an_issue_that_is_opened_becomes_a_request_of_its_author(hook: SimpleNamespace) -> None:
    SocialAccount.objects.create(user=factories.person("Dana"), provider="github", uid="583231")
    assert send(hook, message()).status_code == 200
    assert issue_import.open_waiting(by=hook.by) == 1
    assert AccessRequest.objects.get().state == "submitted"
    assert ProviderEvent.objects.get().state == "applied"


def test_the_same_delivery_again_is_one_event_and_one_issue(hook: SimpleNamespace) -> None:
    for _ in range(3):
        assert send(hook, message()).status_code == 200
    assert (ProviderEvent.objects.count(), ImportedIssue.objects.count()) == (1, 1)


def test_a_closed_issue_makes_no_request(hook: SimpleNamespace) -> None:
    send(hook, message("closed", state="closed", closed_at="2026-08-03T10:00:00Z"))
    SocialAccount.objects.create(user=factories.person("Dana"), provider="github", uid="583231")
    assert issue_import.open_waiting(by=hook.by) == 0
    assert ImportedIssue.objects.get().closed_at is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha1=0"},
        {"X-Hub-Signature-256": "sha256=é"},
    ],
)
def test_a_bad_signature_is_401_and_stores_nothing(hook: SimpleNamespace, headers: dict[str, str]) -> None:
    assert send(hook, message(), **headers).status_code == 401
    assert send(hook, message(), secret="guessed").status_code == 401
    assert (ProviderEvent.objects.count(), ImportedIssue.objects.count()) == (0, 0)


def test_an_old_secret_and_a_retired_form_are_refused(hook: SimpleNamespace) -> None:
    issue_forms.rotate_secret(form=hook.form, by=hook.by)
    assert send(hook, message()).status_code == 401
    minted = issue_forms.rotate_secret(form=hook.form, by=hook.by)
    assert send(hook, message(), secret=minted.text).status_code == 200
    issue_forms.retire_form(form=hook.form, reason="Moved", by=hook.by)
    assert send(hook, message(), secret=minted.text).status_code == 401


def test_another_repository_is_refused_even_under_the_same_name(hook: SimpleNamespace) -> None:
    elsewhere = {**message(), "repository": {"id": 1, "full_name": "evil/requests"}}
    assert send(hook, elsewhere).status_code == 400
    assert send(hook, message()).status_code == 200
    renamed = {**message(number=8), "repository": {"id": 99, "full_name": "garden/renamed"}}
    assert send(hook, renamed, **{"X-GitHub-Delivery": "d-2"}).status_code == 200
    squatter = {**message(number=9), "repository": {"id": 100, "full_name": "garden/requests"}}
    assert send(hook, squatter, **{"X-GitHub-Delivery": "d-3"}).status_code == 400


def test_ping_is_heard_and_other_events_are_ignored(hook: SimpleNamespace) -> None:
    assert send(hook, {"zen": "Keep it logically awesome."}, event="ping").json() == {"state": "heard"}
    assert send(hook, message("pinned")).json() == {"state": "ignored"}
    assert send(hook, {"action": "created"}, event="star").json() == {"state": "ignored"}


@pytest.mark.parametrize("body", [b"", b"[]", b"payload=%7B%7D", b"\xff"])
def test_what_is_not_understood_is_400(hook: SimpleNamespace, body: bytes) -> None:
    assert send(hook, body).status_code == 400


def test_an_issue_that_cannot_be_read_is_applied_and_keeps_nothing(hook: SimpleNamespace) -> None:
    assert send(hook, message(user=None)).status_code == 200
    assert ImportedIssue.objects.count() == 0
