"""What was paid at Stripe works at once, whatever became of its messages."""

import random
import time

import pytest

from accounts.audit import Task
from tests.fixtures.stripe_shop import Shop
from tiers.actions.inbox import handle_event
from tiers.actions.orders import sync_order
from tiers.models import Grant, InboxState, Order, OrderState, ProviderEvent
from tiers.payments import ProviderAway, provider

BY = Task("tests")


def grant(order: Order) -> Grant | None:
    return Grant.objects.filter(order=order, revoked_at=None).first()


def again(order: Order) -> Order:
    return sync_order(pk=order.pk, ask=True, by=BY)


def test_the_checkout_names_the_order_and_sells_its_price(shop: Shop) -> None:
    order = shop.order()
    session = shop.session(order)
    assert order.checkout_url == session["url"]
    assert session["mode"] == "payment"
    assert session["client_reference_id"] == session["metadata"]["trellis_order"] == order.public_id
    assert session["metadata"] == session["written"]
    assert 2900 <= session["expires_at"] - time.time() <= 3600


def test_a_second_click_leads_to_the_same_checkout(shop: Shop) -> None:
    order = shop.order()
    assert shop.order().checkout_url == order.checkout_url
    assert sum(thing["object"] == "checkout.session" for thing in shop.stripe.things.values()) == 1


def test_a_paid_session_opens_the_grant_in_the_same_request(shop: Shop) -> None:
    order = shop.order()
    session = shop.stripe.pay(shop.session(order))
    answer = shop.tell("checkout.session.completed", session)
    assert (answer.status_code, answer.json()["state"]) == (200, InboxState.APPLIED)
    order.refresh_from_db()
    held = grant(order)
    assert order.state == OrderState.PAID
    assert held is not None
    assert held.tier is not None
    assert held.tier.slug == "flower"
    assert held.starts_at.timestamp() <= time.time()


def test_a_buyer_who_comes_back_needs_no_message(shop: Shop) -> None:
    order = shop.order()
    shop.stripe.pay(shop.session(order))
    assert again(order).state == OrderState.PAID
    assert grant(order) is not None


def test_the_same_truth_twice_adds_nothing(shop: Shop) -> None:
    order = shop.order()
    session = shop.stripe.pay(shop.session(order))
    body = shop.message("checkout.session.completed", session)
    assert [shop.deliver(body).status_code for _ in range(3)] == [200, 200, 200]
    before = order.events.count()
    again(order)
    assert order.events.count() == before
    assert ProviderEvent.objects.get().repeats == 2
    assert Grant.objects.filter(order=order).count() == 1


def test_a_bank_debit_is_pending_until_it_arrives(shop: Shop) -> None:
    order = shop.order()
    session = shop.stripe.debit(shop.session(order))
    shop.tell("checkout.session.completed", session)
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
    assert order.unsettled_since is not None
    assert grant(order) is None
    settled = int(time.time()) - 60
    shop.stripe.settle(session, arrives=True, at=settled)
    assert shop.tell("checkout.session.async_payment_succeeded", session).status_code == 200
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    assert order.settled_at is not None
    assert grant(order) is not None


def test_a_bank_debit_that_comes_to_nothing_failed(shop: Shop) -> None:
    order = shop.order()
    session = shop.stripe.settle(shop.stripe.debit(shop.session(order)), arrives=False)
    shop.tell("checkout.session.async_payment_failed", session)
    order.refresh_from_db()
    assert (order.state, order.unsettled_since) == (OrderState.FAILED, None)


def test_a_checkout_that_nobody_paid_expires(shop: Shop) -> None:
    order = shop.order()
    session = shop.session(order)
    session.update(status="expired", url=None, expires_at=int(time.time()))
    shop.tell("checkout.session.expired", session)
    order.refresh_from_db()
    assert order.state == OrderState.EXPIRED
    assert shop.order().pk != order.pk


def test_a_message_while_stripe_is_away_is_kept_and_applied_later(shop: Shop) -> None:
    order = shop.order()
    session = shop.stripe.pay(shop.session(order))
    shop.stripe.away = True
    body = shop.message("checkout.session.completed", session)
    assert shop.deliver(body).status_code == 500
    event = ProviderEvent.objects.get()
    assert (event.state, event.attempts) == (InboxState.FAILED, 1)
    assert grant(order) is None
    shop.stripe.away = False
    handle_event(event=event, by=BY)
    event.refresh_from_db()
    assert event.state == InboxState.APPLIED
    assert grant(order) is not None
    assert shop.deliver(body).status_code == 200


def test_a_checkout_cannot_be_opened_while_stripe_is_away(shop: Shop) -> None:
    shop.stripe.away = True
    with pytest.raises(ProviderAway):
        shop.order()
    shop.stripe.away = False
    assert shop.order().checkout_url
    assert Order.objects.count() == 1


def test_messages_in_any_order_come_to_the_same(shop: Shop) -> None:
    order = shop.order()
    session = shop.session(order)
    bodies = [shop.message("checkout.session.completed", shop.stripe.pay(session))]
    refund = shop.stripe.refund(shop.stripe.charge_of(session), 200)
    bodies.append(shop.message("refund.created", refund))
    dispute = shop.stripe.dispute(shop.stripe.charge_of(session))
    bodies.append(shop.message("charge.dispute.created", dispute))
    dispute["status"] = "won"
    bodies.append(shop.message("charge.dispute.closed", dispute))
    random.Random(7).shuffle(bodies)  # noqa: S311
    assert {shop.deliver(body).status_code for body in bodies * 2} == {200}
    order.refresh_from_db()
    assert (order.state, order.refunded) == (OrderState.PARTLY_REFUNDED, 200)
    assert grant(order) is not None


def test_reconciliation_finds_what_was_never_delivered(shop: Shop) -> None:
    order = shop.order()
    refund = shop.stripe.refund(shop.stripe.charge_of(shop.stripe.pay(shop.session(order))), 500)
    shop.message("refund.created", refund)
    shop.stripe.add("checkout.session", "cs_test", metadata={"order": "another shop's"})
    since = order.created_at.replace(microsecond=0)
    assert list(provider("stripe").recent(since)) == [order.reference]
