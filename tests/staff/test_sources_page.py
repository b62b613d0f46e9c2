"""Webhook sources: a secret is shown once and to nobody else, after a fresh sign-in."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import administrator, auditor
from tests.fixtures.signing_in import browser
from tiers.actions.webhook_sources import add_source
from tiers.models import WebhookSecret, WebhookSource

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


@pytest.fixture
def source() -> WebhookSource:
    return add_source(name="polar", by=administrator()).source


def at(source: WebhookSource, act: str) -> str:
    return reverse(f"events:source_{act}", args=[source.public_id])


def test_a_secret_is_shown_in_the_answer_alone(admin: Client) -> None:
    response = admin.post("/events/sources/new/", {"name": "polar"})
    found = SECRET.findall(response.content.decode())
    assert len(found) == 1
    assert "no-store" in response["Cache-Control"]
    page = admin.get("/events/sources/").content.decode()
    assert "/webhooks/standard/polar" in page
    assert found[0][-4:] in page.replace("&#x3D;", "=")
    assert found[0] not in page
    assert found[0] not in str(dict(admin.session))


def test_a_rotation_leaves_the_old_one_its_time(admin: Client, source: WebhookSource) -> None:
    assert SECRET.search(admin.post(at(source, "rotate"), {"overlap": "86400"}).content.decode())
    assert WebhookSecret.objects.filter(ends_at=None).count() == 1
    assert "until" in admin.get("/events/sources/").content.decode()
    assert admin.post(at(source, "rotate"), {"overlap": "9999999"}).status_code == 422


def test_a_retired_source_stays_so(admin: Client, source: WebhookSource) -> None:
    assert admin.post(at(source, "retire"), {"reason": ""}).status_code == 422
    assert admin.post(at(source, "retire"), {"reason": "Moved"}).status_code == 302
    page = admin.get("/events/sources/").content.decode()
    assert "Retired" in page
    assert at(source, "rotate") not in page
    assert "was retired" in admin.post(at(source, "rotate"), {"overlap": "0"}).content.decode()


def test_a_name_that_cannot_be_is_said_beside_its_field(admin: Client, source: WebhookSource) -> None:
    for name in ("", "Polar!", "polar"):
        assert admin.post("/events/sources/new/", {"name": name}).status_code == 422


def test_an_old_sign_in_is_asked_again_before_a_secret(source: WebhookSource) -> None:
    client = Client()
    client.force_login(administrator())
    for path in ("/events/sources/new/", at(source, "rotate"), at(source, "retire")):
        for response in (client.get(path), client.post(path, {"name": "x"})):
            assert response.status_code == 302
            assert response["Location"].startswith("/accounts/reauthenticate/")


def test_others_see_nothing_of_it(source: WebhookSource) -> None:
    staff = browser(auditor())
    for path in ("/events/sources/", "/events/sources/new/", at(source, "rotate"), at(source, "retire")):
        assert staff.get(path).status_code == 403
        assert staff.post(path).status_code == 403
