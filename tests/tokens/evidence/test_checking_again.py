"""Gathering anew: how often, and what a page says while it lasts."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import TooMany
from accounts.models import User
from tests import factories
from tests.tokens.evidence.asking import asked
from tokens.evidence import gathering
from tokens.evidence.again import OF_A_PERSON, check_again, is_under_way
from tokens.models import AccessRequest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_one_request_is_checked_once_a_minute_whoever_asks() -> None:
    request, address = asked(), "/review/{}/gather/"
    first, second = signed_in(factories.maintainer()), signed_in(factories.person("Petra", "maintainer"))
    assert first.post(address.format(request.public_id)).status_code == 302
    refused = second.post(address.format(request.public_id))
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    page = refused.content.decode()
    assert "This access request was checked a moment ago. Check it again in" in page
    assert "Lantern of Dana" in page
    other = asked("Eve")
    assert second.post(address.format(other.public_id)).status_code == 302


def test_one_person_has_so_many_checked_in_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokens.evidence.again.time.time", lambda: 1_800_000_010.0)
    maintainer, other = factories.maintainer(), factories.person("Petra", "maintainer")
    requests = [asked(f"P{number}") for number in range(OF_A_PERSON + 1)]
    for request in requests[:-1]:
        check_again(request, maintainer)
    with pytest.raises(TooMany, match="Go on in 50 s"):
        check_again(requests[-1], maintainer)
    assert not is_under_way(requests[-1])
    check_again(requests[-1], other)


def test_it_is_under_way_until_something_new_is_kept() -> None:
    request = asked()
    gathering.gather(request.pk)
    request.refresh_from_db()
    assert not is_under_way(request)
    check_again(request, factories.maintainer())
    assert is_under_way(request)
    gathering.gather(request.pk)
    request.refresh_from_db()
    assert not is_under_way(request)


def test_a_redis_that_is_away_keeps_nobody_from_it(settings: Settings) -> None:
    request = asked()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    check_again(request, factories.maintainer())
    assert not is_under_way(request)


def test_a_page_says_that_it_waits_that_it_waits_for_long_and_what_was_found() -> None:
    request, client = asked(), signed_in(factories.maintainer())
    page = f"/review/{request.public_id}/"
    waiting = client.get(page).content.decode()
    assert "Being gathered. This takes some seconds" in waiting
    assert "data-waits" in waiting
    AccessRequest.objects.filter(pk=request.pk).update(updated_at=timezone.now() - timedelta(minutes=3))
    late = client.get(page).content.decode()
    assert "You can decide without them, or check again." in late
    assert "data-waits" not in late
    gathering.gather(request.pk)
    assert "Signals inform; they decide nothing." in client.get(page).content.decode()
    client.post(f"{page}gather/")
    assert "Being checked again." in client.get(page).content.decode()


def test_the_live_poll_brings_what_was_gathered_since_and_nothing_else() -> None:
    request, client = asked(), signed_in(factories.maintainer())
    live = {"open": request.public_id, "version": str(request.version)}
    assert 'id="signals"' not in client.get("/review/live/", {**live, "signals": ""}).content.decode()
    gathering.gather(request.pk)
    request.refresh_from_db()
    fresh = client.get("/review/live/", {**live, "signals": ""}).content.decode()
    assert "Password alone" in fresh
    seen = request.signals_at.isoformat() if request.signals_at else ""
    assert 'id="signals"' not in client.get("/review/live/", {**live, "signals": seen}).content.decode()
    assert 'id="signals"' not in client.get("/review/live/", live).content.decode()
