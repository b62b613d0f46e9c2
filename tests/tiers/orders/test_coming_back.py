"""The way back from the provider: it is asked directly, a slow one is said to be slow, and nothing asks too often."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db.models import F
from django.http import HttpResponse

from tests.fixtures.sandbox import Buyer
from tests.fixtures.sandbox import buyer as at_the_sandbox
from tiers.models import Order, ProviderEvent
from tiers.sandbox import ledger

HTMX = {"HX-Request": "true"}


@pytest.fixture
def back(buyer: SimpleNamespace) -> Buyer:
    """Somebody whose order waits at the sandbox. Nothing that happens there is sent to us."""
    return at_the_sandbox()


def comes_back(back: Buyer) -> HttpResponse:
    return back.client.get(f"/orders/{back.order.public_id}/returned/")  # type: ignore[return-value]


def polls(back: Buyer, seen: str = "", **values: str) -> HttpResponse:
    path = f"/orders/{back.order.public_id}/check/"
    return back.client.post(path, {"seen": seen, **values}, headers=HTMX)  # type: ignore[return-value]


def time_passes(back: Buyer) -> None:
    Order.objects.filter(pk=back.order.pk).update(synced_at=F("synced_at") - timedelta(seconds=10))


def test_what_was_paid_is_open_on_return_though_no_message_came(back: Buyer) -> None:
    back.books("pay", delivery=ledger.Delivery.LOST)
    answer = comes_back(back)
    assert answer["Location"] == f"/orders/{back.order.public_id}/"
    assert back.now().state == "paid"
    assert back.now().grants.get().revoked_at is None
    assert ProviderEvent.objects.count() == 0
    page = back.client.get(answer["Location"]).content.decode()
    assert "The provider was asked, and said so" in page
    assert "It works already" in page


def test_who_comes_back_unpaid_is_shown_an_order_that_waits(back: Buyer) -> None:
    page = back.client.get(comes_back(back)["Location"]).content.decode()
    assert "If you have paid, do not pay again" in page
    assert "Not paid yet?" in page


def test_a_provider_that_does_not_answer_is_said_to_be_slow(back: Buyer) -> None:
    ledger.stay_silent(order=back.order, seconds=60)
    answer = comes_back(back)
    assert answer["Location"].endswith("?away=1")
    page = back.client.get(answer["Location"]).content.decode()
    assert "does not answer just now" in page
    assert "no need to pay again" in page
    assert 'hx-trigger="every' in page
    ledger.stay_silent(order=back.order, seconds=0)
    back.books("pay", delivery=ledger.Delivery.LOST)
    time_passes(back)
    assert "It works already" in polls(back).content.decode()


def test_a_page_that_was_told_so_is_not_told_otherwise_until_the_provider_is_asked_again(back: Buyer) -> None:
    ledger.stay_silent(order=back.order, seconds=60)
    first = polls(back)
    assert first.context["away"] is True
    assert polls(back, first.context["version"], away="1").status_code == 204
    ledger.stay_silent(order=back.order, seconds=0)
    time_passes(back)
    assert polls(back, first.context["version"], away="1").context["away"] is False


def test_the_poll_says_nothing_while_nothing_is_new(back: Buyer) -> None:
    first = polls(back)
    seen = first.context["version"]
    assert first.status_code == 200
    assert polls(back, seen).status_code == 204
    back.books("pay", delivery=ledger.Delivery.LOST)
    time_passes(back)
    paid = polls(back, seen)
    assert paid.status_code == 200
    assert "hx-trigger" not in paid.content.decode()


def test_a_provider_is_not_asked_more_often_than_every_few_seconds(back: Buyer) -> None:
    polls(back)
    asked = back.now().synced_at
    back.books("pay", delivery=ledger.Delivery.LOST)
    for _turn in range(3):
        polls(back)
    assert back.now().synced_at == asked
    time_passes(back)
    polls(back)
    assert back.now().state == "paid"


def test_a_settled_order_is_not_asked_about(back: Buyer) -> None:
    back.books("pay", delivery=ledger.Delivery.LOST)
    comes_back(back)
    time_passes(back)
    before = back.now().synced_at
    comes_back(back)
    polls(back)
    assert back.now().synced_at == before


def test_without_script_a_button_asks_and_comes_back_to_the_page(back: Buyer) -> None:
    back.books("pay", delivery=ledger.Delivery.LOST)
    answer = back.client.post(f"/orders/{back.order.public_id}/check/", follow=True)
    assert answer.redirect_chain == [(f"/orders/{back.order.public_id}/", 302)]
    assert "It works already" in answer.content.decode()


def test_a_payment_under_way_is_watched_and_not_paid_again(back: Buyer) -> None:
    back.books("pay_late", delivery=ledger.Delivery.LOST)
    page = back.client.get(comes_back(back)["Location"]).content.decode()
    assert back.now().state == "pending"
    assert "You need do nothing more" in page
    assert f"/orders/{back.order.public_id}/pay/" not in page


def test_an_answer_to_htmx_and_one_to_a_browser_are_kept_apart(back: Buyer) -> None:
    assert "HX-Request" in polls(back)["Vary"]
