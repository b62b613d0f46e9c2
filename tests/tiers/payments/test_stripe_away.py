"""A Stripe that cannot be reached, dawdles or talks nonsense holds nobody up, and loses nothing."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from pytest_django import Settings

from accounts.audit import Task
from tests.fixtures.stripe_shop import Shop
from tests.tokens.network.servers import answering, web_server
from tiers.actions.orders import sync_order
from tiers.models import InboxState, Order, OrderState, ProviderEvent
from tiers.payments import NotPossible, ProviderAway, provider, stripe_api

BY = Task("tests")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Waits a fraction of a second for an answer."""
    monkeypatch.setattr(stripe_api, "SECONDS_TO_ANSWER", 0.2)
    stripe_api._client.cache_clear()
    yield
    stripe_api._client.cache_clear()


def dawdle(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def talk_nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "6")
    handler.end_headers()
    handler.wfile.write(b"<html>")


def check_kept(shop: Shop, order: Order) -> None:
    with pytest.raises(ProviderAway):
        sync_order(pk=order.pk, ask=True, by=BY)
    assert shop.tell("checkout.session.completed", shop.session(order)).status_code == 500
    assert ProviderEvent.objects.get().state == InboxState.FAILED
    order.refresh_from_db()
    assert order.state == OrderState.CREATED


def test_one_that_cannot_be_reached(shop: Shop, settings: Settings) -> None:
    order = shop.order()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    check_kept(shop, order)


@pytest.mark.parametrize("behaviour", [dawdle, talk_nonsense])
def test_one_that_dawdles_or_talks_nonsense(shop: Shop, settings: Settings, impatient: None, behaviour: object) -> None:
    order = shop.order()
    with web_server(answering(behaviour)) as port:  # type: ignore[arg-type]
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{port}"
        check_kept(shop, order)


def test_the_wrong_account_is_as_good_as_none(shop: Shop) -> None:
    """The key was changed, and the session is another account's."""
    order = shop.order()
    shop.stripe.things.clear()
    with pytest.raises(ProviderAway):
        sync_order(pk=order.pk, ask=True, by=BY)


def test_what_stripe_refuses_is_said(shop: Shop) -> None:
    order = shop.order()
    shop.stripe.pay(shop.session(order))
    session = shop.session(order)
    del shop.stripe.things[session["payment_intent"]]
    session["payment_intent"] = {"id": "pi_gone", "latest_charge": None}
    with pytest.raises(NotPossible, match="Stripe refused this"):
        provider("stripe").refund(order, 500)
