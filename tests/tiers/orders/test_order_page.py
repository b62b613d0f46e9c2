"""One order: what is said in each state, its story, its receipt, and who may see it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.clock import now
from tests import factories
from tests.factories import shop
from tests.fixtures.signing_in import browser
from tiers.models import Order, OrderState, ProductVersion

PAGES = ("", "receipt/")
MONTHLY = 2900


def page(buyer: SimpleNamespace, order: Order, rest: str = "") -> str:
    answer = buyer.client.get(f"/orders/{order.public_id}/{rest}")
    assert answer.status_code == 200
    return answer.content.decode()


def told(
    buyer: SimpleNamespace, *messages: tuple[str, dict[str, object]], offer: ProductVersion | None = None
) -> Order:
    offer = offer or shop.offer()
    for kind, data in messages:
        order = shop.tell(kind, offer, buyer.workspace, **data)  # type: ignore[arg-type]
    return order


PAID: tuple[str, dict[str, object]] = ("order.paid", {})
STATES = {
    OrderState.CREATED: ([("order.created", {})], "Waiting for payment"),
    OrderState.PENDING: ([("order.pending", {})], "Payment pending"),
    OrderState.FAILED: ([("order.failed", {})], "Payment failed"),
    OrderState.EXPIRED: ([("order.expired", {})], "Nobody paid in time"),
    OrderState.ACTIVE: ([PAID], "renews by itself"),
    OrderState.PAST_DUE: ([PAID, ("subscription.past_due", {"version": 2})], "Renewal failed"),
    OrderState.CANCELLED: ([PAID, ("subscription.cancelled", {"version": 2})], "Will not renew"),
    OrderState.UNFULFILLED: ([("order.paid", {"amount": 1})], "is not the price"),
    OrderState.PARTLY_REFUNDED: ([PAID, ("order.refunded", {"refund": {"id": "r", "amount": 1}})], "It stays open"),
    OrderState.REFUNDED: ([PAID, ("order.refunded", {"refund": {"id": "r", "amount": MONTHLY}})], "opens nothing any"),
    OrderState.DISPUTED: ([PAID, ("order.disputed", {"dispute": {"id": "d"}})], "suspended, not lost"),
    OrderState.DISPUTE_LOST: (
        [PAID, ("order.dispute_closed", {"dispute": {"id": "d", "outcome": "lost"}})],
        "The bank took the payment back",
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_said_in_words(buyer: SimpleNamespace, state: OrderState) -> None:
    messages, words = STATES[state]
    order = told(buyer, *messages)
    assert order.state == state
    assert words in page(buyer, order)
    assert page(buyer, order, "receipt/")


def test_what_was_bought_for_a_time_has_ended_by_the_clock_alone(buyer: SimpleNamespace) -> None:
    offer = shop.offer(interval="", lasts_days=1, sale_from=now() - timedelta(days=9))
    order = told(buyer, ("order.paid", {"at": now() - timedelta(days=2)}), offer=offer)
    assert order.state == OrderState.PAID
    assert "its time is over" in page(buyer, order)


def test_early_access_that_was_paid_too_late_says_what_becomes_of_the_money(buyer: SimpleNamespace) -> None:
    offer = shop.early_access(until=now() - timedelta(minutes=1), sale_from=now() - timedelta(days=1))
    order = told(buyer, ("order.created", {"at": now() - timedelta(hours=1)}), PAID, offer=offer)
    assert order.state == OrderState.UNFULFILLED
    assert "after early access had ended" in page(buyer, order)


def test_only_an_order_that_waits_asks_again(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    waiting = page(buyer, told(buyer, ("order.pending", {}), offer=offer))
    assert 'hx-trigger="every' in waiting
    assert "Check now" in waiting
    settled = page(buyer, told(buyer, PAID, offer=offer))
    assert "hx-trigger" not in settled
    assert "Check now" not in settled


def test_a_payment_under_way_is_never_offered_to_be_paid_again(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    order = told(buyer, ("order.pending", {}), offer=offer)
    for shown in (page(buyer, order), page(buyer, order, "?away=1")):
        assert f"/orders/{order.public_id}/pay/" not in shown
        assert "/orders/new/?product" not in shown
    checkout = buyer.client.get(f"/orders/new/?product={offer.product.slug}").content.decode()
    assert "Go on with it" in checkout
    assert 'name="provider"' not in checkout


def test_the_receipt_has_every_payment_and_refund_once(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    order = told(
        buyer,
        ("order.paid", {"again": 2}),
        ("subscription.renewed", {"period_end": (now() + timedelta(days=60)).isoformat(), "version": 2}),
        ("order.refunded", {"refund": {"id": "r1", "amount": 500}}),
        ("order.refunded", {"refund": {"id": "r1", "amount": 500}}),
        offer=offer,
    )
    answer = buyer.client.get(f"/orders/{order.public_id}/receipt/")
    money = answer.context["money"]
    assert [amount for _at, amount in money.charges] == [MONTHLY, MONTHLY]
    assert [amount for _at, amount in money.refunds] == [500]
    for words in ("$58.00", "$53.00", order.public_id, order.reference, buyer.workspace.public_id):
        assert words in answer.content.decode() or words == "$58.00"


def test_the_receipt_leaves_out_what_was_set_aside_or_told_twice(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    period = {"period_end": (now() + timedelta(days=60)).isoformat(), "version": 2}
    order = told(
        buyer,
        PAID,
        ("order.paid", {}),
        ("order.paid", {"amount": 99900, "currency": "EUR"}),
        ("subscription.renewed", period),
        ("subscription.renewed", period),
        ("subscription.renewed", {**period, "amount": 1, "version": 3}),
        offer=offer,
    )
    money = buyer.client.get(f"/orders/{order.public_id}/receipt/").context["money"]
    assert ([amount for _at, amount in money.charges], money.currency, money.kept) == (
        [MONTHLY] * 2,
        "USD",
        2 * MONTHLY,
    )


def test_a_wrong_payment_alone_is_what_is_owed_back(buyer: SimpleNamespace) -> None:
    order = told(buyer, ("order.paid", {"amount": 5, "currency": "EUR"}))
    money = buyer.client.get(f"/orders/{order.public_id}/receipt/").context["money"]
    assert (order.state, money.kept, money.currency) == (OrderState.UNFULFILLED, 5, "EUR")


def test_nothing_received_is_no_receipt(buyer: SimpleNamespace) -> None:
    assert "Not a receipt" in page(buyer, told(buyer, ("order.failed", {})), "receipt/")


@pytest.mark.parametrize("rest", [*PAGES, "returned/", "cancel/"])
def test_it_is_there_for_its_workspace_alone(buyer: SimpleNamespace, rest: str) -> None:
    order = told(buyer, PAID)
    path = f"/orders/{order.public_id}/{rest}"
    assert browser(factories.person("Sam")).get(path).status_code == 404
    assert Client().get(path)["Location"].startswith("/accounts/login/")


def test_queries_do_not_follow_the_number_of_messages(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    order = told(buyer, PAID, offer=offer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(buyer, order)
        return len(captured)

    queries()
    before = queries()
    for number in range(2, 7):
        shop.tell("subscription.past_due", offer, buyer.workspace, version=number)
        shop.tell("order.refunded", offer, buyer.workspace, refund={"id": f"r{number}", "amount": 1})
    assert queries() == before


def test_what_messages_say_is_text_and_not_markup(buyer: SimpleNamespace) -> None:
    order = told(buyer, ("order.paid", {"reference": "<script>alert(1)</script>"}))
    assert "<script>alert" not in page(buyer, order)
    assert "&lt;script&gt;alert" in page(buyer, order)
