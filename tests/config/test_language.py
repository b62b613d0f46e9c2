"""A language is chosen by POST, stays with a person on every device, and with a visitor by cookie."""

import pytest
from django.test import Client

from accounts.models import AuditEvent
from tests import factories

pytestmark = pytest.mark.django_db
NOWHERE = "/no/such/page/"


def language_of(client: Client) -> str:
    return client.get(NOWHERE).content.decode().partition('<html lang="')[2].partition('"')[0]


def test_a_visitors_language_is_kept_by_cookie(client: Client) -> None:
    response = client.post("/language/", {"language": "zh-hans", "next": "/tiers/"})
    assert response.headers["Location"] == "/tiers/"
    assert language_of(client) == "zh-hans"
    assert language_of(Client()) == "en"


def test_a_persons_language_goes_with_them(client: Client) -> None:
    noor = factories.person("Noor")
    client.force_login(noor)
    client.post("/language/", {"language": "zh-hans"})
    elsewhere = Client()
    elsewhere.force_login(noor)
    assert language_of(elsewhere) == "zh-hans"
    assert AuditEvent.objects.filter(action="person.profile_changed", actor=noor).count() == 1


@pytest.mark.parametrize("chosen", ["tlh", "", "../../x", "zh-hans' or"])
def test_a_language_that_is_not_offered_changes_nothing(client: Client, chosen: str) -> None:
    noor = factories.person("Noor")
    client.force_login(noor)
    assert client.post("/language/", {"language": chosen}).status_code == 302
    noor.refresh_from_db()
    assert noor.locale == "en"


def test_a_language_never_changes_by_a_link_nor_leads_to_another_site(client: Client) -> None:
    assert client.get("/language/?language=zh-hans").status_code == 405
    response = client.post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"
