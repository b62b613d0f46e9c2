"""Refunds and disputes at Stripe take the grant that the order gave, when they take it."""

import pytest

from accounts.audit import Task
from tests.fixtures import stripe_server
from tests.fixtures.stripe_shop import Shop, price
from tiers.actions.inbox import store_event
from tiers.actions.orders import sync_order
from tiers.models import Grant, InboxState, Order, OrderState, Product, Provider, ProviderEvent
from tiers.payments import NotPossible, provider

BY = Task("tests")


def bought(shop: Shop) -> tuple[Order, str]:
    order = shop.order()
    session = shop.stripe.pay(shop.session(order))
    sync_order(pk=order.pk, ask=True, by=BY)
    return order, shop.stripe.charge_of(session)


def open_grant(order: Order) -> Grant | None:
    return Grant.objects.filter(order=order, revoked_at=None, disputed_at=None).first()


def test_a_full_refund_takes_the_grant(shop: Shop) -> None:
    order, charge = bought(shop)
    assert shop.tell("refund.created", shop.stripe.refund(charge, 500)).json()["state"] == InboxState.APPLIED
    order.refresh_from_db()
    assert (order.state, order.refunded, open_grant(order)) == (OrderState.REFUNDED, 500, None)


def test_refunds_of_parts_are_summed(shop: Shop) -> None:
    order, charge = bought(shop)
    shop.tell("refund.created", shop.stripe.refund(charge, 200))
    order.refresh_from_db()
    assert (order.state, order.refunded) == (OrderState.PARTLY_REFUNDED, 200)
    assert open_grant(order) is not None
    shop.tell("refund.created", shop.stripe.refund(charge, 300))
    order.refresh_from_db()
    assert (order.state, order.refunded, open_grant(order)) == (OrderState.REFUNDED, 500, None)


@pytest.mark.parametrize("status", ["pending", "requires_action", "failed", "canceled"])
def test_a_refund_that_has_not_succeeded_takes_nothing(shop: Shop, status: str) -> None:
    order, charge = bought(shop)
    refund = shop.stripe.refund(charge, 500, status)
    shop.tell("refund.created", refund)
    order.refresh_from_db()
    assert (order.state, order.refunded) == (OrderState.PAID, 0)
    assert open_grant(order) is not None
    refund["status"] = "succeeded"
    shop.tell("refund.updated", refund)
    assert open_grant(order) is None


def test_a_refund_of_one_order_keeps_the_grant_of_another(shop: Shop) -> None:
    a_month = Product.objects.create(slug="flower-a-month", kind="tier")
    price(a_month, shop.stripe, lasts_days=30)
    other, _charge = bought(Shop(shop.stripe, a_month, shop.buyer))
    order, charge = bought(shop)
    shop.tell("refund.created", shop.stripe.refund(charge, 500))
    assert open_grant(order) is None
    assert open_grant(other) is not None


def test_buying_again_after_a_refund_works(shop: Shop) -> None:
    order, charge = bought(shop)
    shop.tell("refund.created", shop.stripe.refund(charge, 500))
    again, _charge = bought(shop)
    assert again.pk != order.pk
    assert open_grant(again) is not None


def test_our_refund_asked_twice_gives_once(shop: Shop) -> None:
    order, _charge = bought(shop)
    for _time in range(2):
        provider("stripe").refund(order, 200)
    assert sync_order(pk=order.pk, ask=True, by=BY).refunded == 200


def test_the_same_part_is_given_back_again_once_the_first_is_known(shop: Shop) -> None:
    order, _charge = bought(shop)
    for refunded in (200, 400):
        provider("stripe").refund(order, 200)
        order = sync_order(pk=order.pk, ask=True, by=BY)
        assert order.refunded == refunded


def test_what_was_given_back_at_stripe_itself_is_done(shop: Shop) -> None:
    order, charge = bought(shop)
    shop.stripe.refund(charge, 500)
    provider("stripe").refund(order, 500)
    assert sync_order(pk=order.pk, ask=True, by=BY).state == OrderState.REFUNDED


def test_nothing_is_given_back_where_nothing_was_paid(shop: Shop) -> None:
    with pytest.raises(NotPossible):
        provider("stripe").refund(shop.order(), 500)


def test_a_refund_says_of_which_order_it_is_when_stripe_is_asked(shop: Shop) -> None:
    """Its message comes before we ever saw the payment, and names nothing of ours."""
    order = shop.order()
    session = shop.stripe.pay(shop.session(order))
    refund = shop.stripe.refund(shop.stripe.charge_of(session), 500)
    shop.tell("refund.created", {**refund, "payment_intent": None})
    order.refresh_from_db()
    assert order.state == OrderState.REFUNDED


def test_a_refund_of_somebody_elses_payment_is_ignored(shop: Shop) -> None:
    shop.stripe.things["pi_theirs"] = {"id": "pi_theirs", "object": "payment_intent", "metadata": {}}
    for intent in ("pi_theirs", "pi_of_another_account"):
        answer = shop.tell("refund.created", {"object": "refund", "payment_intent": intent})
        assert (answer.status_code, answer.json()["state"]) == (200, InboxState.IGNORED)


@pytest.mark.parametrize("status", ["needs_response", "under_review"])
def test_an_open_dispute_suspends(shop: Shop, status: str) -> None:
    order, charge = bought(shop)
    shop.tell("charge.dispute.created", shop.stripe.dispute(charge, status))
    order.refresh_from_db()
    assert (order.state, open_grant(order)) == (OrderState.DISPUTED, None)
    assert Grant.objects.get(order=order).revoked_at is None


def test_a_dispute_that_is_won_restores(shop: Shop) -> None:
    order, charge = bought(shop)
    dispute = shop.stripe.dispute(charge)
    shop.tell("charge.dispute.created", dispute)
    dispute["status"] = "won"
    shop.tell("charge.dispute.closed", dispute)
    order.refresh_from_db()
    assert order.state == OrderState.DISPUTE_WON
    assert open_grant(order) is not None


def test_a_dispute_that_is_lost_takes_the_grant(shop: Shop) -> None:
    order, charge = bought(shop)
    shop.tell("charge.dispute.closed", shop.stripe.dispute(charge, "lost"))
    order.refresh_from_db()
    assert order.state == OrderState.DISPUTE_LOST
    assert Grant.objects.get(order=order).revoked_at is not None
    assert set(order.events.filter(dispute_id__gt="").values_list("kind", flat=True)) == {"disputed", "dispute_closed"}


@pytest.mark.parametrize("status", ["warning_needs_response", "warning_under_review", "warning_closed", "prevented"])
def test_a_question_of_the_bank_suspends_nobody(shop: Shop, status: str) -> None:
    order, charge = bought(shop)
    shop.tell("charge.dispute.created", shop.stripe.dispute(charge, status))
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    assert open_grant(order) is not None


@pytest.mark.django_db(transaction=True)
def test_what_arrives_while_stripe_is_being_asked_asks_for_itself(shop: Shop) -> None:
    """Its refund may be later than the answer that is on its way."""
    order, charge = bought(shop)

    def meanwhile() -> None:
        body = shop.message("refund.created", {**shop.stripe.refund(charge, 500), "metadata": {}})
        received = provider("stripe").receive({"stripe-signature": shop.sign(body)}, body.encode(), "")
        event = store_event(name=Provider.STRIPE, source="", received=received)
        ProviderEvent.objects.filter(pk=event.pk).update(order=order)

    with stripe_server.once(shop.stripe, meanwhile):
        sync_order(pk=order.pk, ask=True, by=BY)
    event = ProviderEvent.objects.get()
    assert event.state == InboxState.RECEIVED
    assert open_grant(order) is not None
    assert shop.deliver(bytes(event.body).decode()).json()["state"] == InboxState.APPLIED
    assert open_grant(order) is None
