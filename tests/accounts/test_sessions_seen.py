"""When a session was last seen is written now and then, and at once where its client changed."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from pytest_django import Settings

from tests import factories

pytestmark = pytest.mark.django_db


def test_it_is_written_once_in_a_while_and_for_each_browser(settings: Settings) -> None:
    settings.SESSIONS_SEEN_EVERY = 3600.0
    client = Client()
    client.force_login(factories.person("Noor"))
    client.get("/profile/", headers={"User-Agent": "First"})
    [first] = UserSession.objects.values_list("last_seen_at", "user_agent")
    assert first[1] == "First"
    client.get("/profile/", headers={"User-Agent": "First"})
    assert UserSession.objects.values_list("last_seen_at", "user_agent").get() == first
    client.get("/profile/", headers={"User-Agent": "Second"})
    [second] = UserSession.objects.values_list("last_seen_at", "user_agent")
    assert second[1] == "Second"
    assert second[0] > first[0]
