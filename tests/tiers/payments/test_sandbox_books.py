"""The sandbox as a provider: its books, what it answers who asks, whom it lets in, and that only a demo has it."""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import clear_url_caches
from pytest_django import Settings

from accounts import clock
from tests.factories import catalogue, person
from tests.fixtures.sandbox import Buyer, buyer
from tiers import urls
from tiers.models import ProviderEvent, SandboxMessage
from tiers.payments import NotPossible, ProviderAway, provider, providers
from tiers.sandbox import ledger, signing

pytestmark = pytest.mark.django_db
SANDBOX = provider("sandbox")


@pytest.fixture
def at_checkout() -> Buyer:
    catalogue()
    return buyer()


@pytest.fixture
def subscriber() -> Buyer:
    catalogue()
    monthly = buyer(interval="month")
    monthly.books("pay")
    return monthly


def possible(at_checkout: Buyer) -> set[str]:
    return set(ledger.standing(at_checkout.order.sandbox_payment, clock.now()).possible())


def test_each_step_leads_to_others(at_checkout: Buyer) -> None:
    assert possible(at_checkout) == {"pay", "pay_late", "fail", "cancel"}
    at_checkout.books("pay")
    assert possible(at_checkout) == {"refund", "dispute"}
    at_checkout.books("dispute")
    assert possible(at_checkout) == {"win", "lose"}
    at_checkout.books("win")
    at_checkout.books("refund", amount=500)
    assert possible(at_checkout) == set()


def test_what_is_cancelled_or_on_its_way_can_be_nothing_else(at_checkout: Buyer) -> None:
    at_checkout.books("pay_late", settles_after=60)
    assert possible(at_checkout) == set()
    SandboxMessage.objects.update(at=F("at") - timedelta(seconds=60))
    assert possible(at_checkout) == {"refund", "dispute"}


def test_a_step_that_is_not_possible_is_refused_at_the_page(at_checkout: Buyer) -> None:
    assert at_checkout.does("refund").status_code == 409
    assert at_checkout.does("teleport").status_code == 422
    assert at_checkout.does("").status_code == 422
    assert not SandboxMessage.objects.exists()


@pytest.mark.parametrize("amount", ["0", "-1", "5.01", "0.001", "1e9", "NaN", "x"])
def test_no_more_than_was_paid_is_given_back(at_checkout: Buyer, amount: str) -> None:
    at_checkout.books("pay")
    assert at_checkout.does("refund", amount=amount).status_code == 422
    assert SandboxMessage.objects.count() == 2


def test_asking_gives_what_its_messages_say(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    at_checkout.books("refund", amount=200)
    found = SANDBOX.fetch(at_checkout.order)
    assert [event.kind for event in found] == ["pending", "paid", "refunded"]
    assert [event.key for event in found] == list(SandboxMessage.objects.values_list("event_id", flat=True))
    assert list(SANDBOX.recent(clock.now() - timedelta(minutes=1))) == [at_checkout.order.reference]
    assert list(SANDBOX.recent(clock.now() + timedelta(minutes=1))) == []


def test_money_that_has_not_settled_is_not_told_of(at_checkout: Buyer) -> None:
    at_checkout.books("pay_late", settles_after=60)
    assert [event.kind for event in SANDBOX.fetch(at_checkout.order)] == ["pending"]


def test_one_that_is_away_answers_nobody_until_it_is_back(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    assert at_checkout.client.post(at_checkout.path, {"seconds": "60"}).status_code == 302
    assert "It answers nobody" in at_checkout.client.get(at_checkout.path).content.decode()
    with pytest.raises(ProviderAway):
        SANDBOX.fetch(at_checkout.order)
    with pytest.raises(ProviderAway):
        SANDBOX.refund(at_checkout.order, 100)
    at_checkout.client.post(at_checkout.path, {"seconds": "0"})
    assert SANDBOX.fetch(at_checkout.order)
    assert at_checkout.client.post(at_checkout.path, {"seconds": "301"}).status_code == 422


def test_the_same_refund_asked_twice_is_given_once(at_checkout: Buyer) -> None:
    with pytest.raises(NotPossible):
        SANDBOX.refund(at_checkout.order, 100)
    at_checkout.books("pay")
    for _ in range(2):
        SANDBOX.refund(at_checkout.order, 500)
    assert SandboxMessage.objects.filter(kind="order.refunded").count() == 1
    with pytest.raises(NotPossible):
        SANDBOX.refund(at_checkout.order, 100)
    with pytest.raises(NotPossible):
        SANDBOX.cancel(at_checkout.order)


def test_the_same_part_is_given_back_again_once_the_first_is_known(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    for refunded in (200, 400):
        SANDBOX.refund(at_checkout.asked(), 200)
        assert at_checkout.asked().refunded == refunded


def test_more_than_was_paid_is_not_given_back_to_who_asks_by_program(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    with pytest.raises(NotPossible):
        SANDBOX.refund(at_checkout.order, 501)


def test_a_subscription_renews_fails_ends_and_resumes(subscriber: Buyer) -> None:
    order = subscriber.asked()
    first = order.ends_at
    assert (order.state, first is not None) == ("active", True)
    subscriber.books("renew")
    renewed = subscriber.asked().ends_at
    assert first is not None
    assert renewed is not None
    assert timedelta(days=28) <= renewed - first <= timedelta(days=31)
    subscriber.books("fail_renewal")
    assert subscriber.asked().state == "past_due"
    subscriber.books("renew")
    SANDBOX.cancel(subscriber.order)
    assert subscriber.asked().state == "cancelled"
    SANDBOX.resume(subscriber.order)
    assert subscriber.asked().state == "active"


def deliver(secret_of: datetime, **headers: str) -> int:
    body = '{"type": "order.paid", "timestamp": "2026-01-01T00:00:00Z", "data": {"id": "x"}}'
    given: dict[str, Any] = {**signing.headers("msg_x", body, secret_of), **headers}
    given.pop("Content-Type")
    return Client().post("/webhooks/sandbox", body, content_type="application/json", headers=given).status_code


def test_its_address_takes_what_it_signed_and_nothing_else() -> None:
    now = datetime.now(UTC)
    assert deliver(now, **{"webhook-signature": "v1,AAAA"}) == 401
    assert deliver(now - timedelta(minutes=6)) == 401
    assert not ProviderEvent.objects.exists()
    assert deliver(now) == 200


def test_the_secret_hangs_on_the_site_s_own_key(settings: Settings) -> None:
    [old] = signing.secrets()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key, as long as need be"
    assert signing.secrets()[1] == old
    assert signing.secrets()[0] != old


def test_the_page_is_for_who_ordered(at_checkout: Buyer) -> None:
    stranger = Client()
    stranger.force_login(person())
    assert stranger.get(at_checkout.path).status_code == 404
    assert stranger.post(at_checkout.path, {"step": "pay"}).status_code == 404


@pytest.fixture
def no_demo(at_checkout: Buyer, settings: Settings) -> Iterator[Buyer]:
    settings.DEMO = False
    yield at_checkout
    settings.DEMO = True


def test_with_demo_off_it_is_not_there(no_demo: Buyer) -> None:
    assert "sandbox" not in [name for name, _provider in providers()]
    for who in (no_demo.client, Client()):
        assert who.get(no_demo.path).status_code == 404
    assert deliver(datetime.now(UTC)) == 404
    with pytest.raises(NotPossible):
        SANDBOX.start_checkout(no_demo.order, back="")
    with pytest.raises(NotPossible):
        SANDBOX.refund(no_demo.order, 1)
    assert SANDBOX.fetch(no_demo.order) == []


def test_with_demo_off_it_has_no_address(no_demo: Buyer, settings: Settings) -> None:
    try:
        found = [str(entry.pattern) for entry in importlib.reload(urls).urlpatterns + urls.webhook_pages]
        assert not [address for address in found if "sandbox" in address]
    finally:
        settings.DEMO = True
        importlib.reload(urls)
        clear_url_caches()
