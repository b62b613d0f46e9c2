"""A subscription at Stripe: renewed, behind, cancelled, resumed, ended."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from accounts.audit import Task
from tests.fixtures.stripe_shop import Shop
from tests.fixtures.stripe_stub import MONTH, Json
from tiers.actions.orders import sync_order
from tiers.models import Alarm, AlarmKind, Grant, Order, OrderState
from tiers.payments import NotPossible, provider
from tiers.payments.stripe_facts import SLACK

BY = Task("tests")
DAY = 24 * 3600


def now() -> int:
    return int(time.time())


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def again(order: Order) -> Order:
    return sync_order(pk=order.pk, ask=True, by=BY)


def subscribed(shop: Shop, *, at: int) -> tuple[Order, Json]:
    order = shop.order()
    session = shop.stripe.pay(shop.session(order), at=at)
    return again(order), session


def subscription(shop: Shop, session: Json) -> Json:
    return shop.stripe.things[session["subscription"]]


def grant(order: Order) -> Grant:
    return Grant.objects.get(order=order)


def test_a_subscription_is_active_to_the_end_of_its_period_and_a_little_longer(monthly: Shop) -> None:
    """Stripe charges about an hour after the period ends; nobody who pays is refused in between."""
    bought = now() - DAY
    order, session = subscribed(monthly, at=bought)
    assert session["mode"] == "subscription"
    assert order.state == OrderState.ACTIVE
    assert grant(order).ends_at == moment(bought + MONTH) + SLACK
    assert timedelta(hours=2) <= SLACK <= timedelta(hours=6)


def test_a_paid_invoice_renews(monthly: Shop) -> None:
    order, session = subscribed(monthly, at=now() - MONTH)
    renewed = now()
    invoice = monthly.stripe.renew(session, at=renewed)
    assert monthly.tell("invoice.paid", invoice).status_code == 200
    order.refresh_from_db()
    assert order.state == OrderState.ACTIVE
    assert grant(order).ends_at == moment(renewed + MONTH) + SLACK
    events = order.events.count()
    again(order)
    assert order.events.count() == events


def test_a_renewal_that_was_never_delivered_is_found_by_asking(monthly: Shop) -> None:
    order, session = subscribed(monthly, at=now() - 3 * MONTH)
    assert order.state == OrderState.ENDED
    for months in (2, 1, 0):
        monthly.stripe.renew(session, at=now() - months * MONTH)
    assert again(order).state == OrderState.ACTIVE
    assert order.events.filter(kind="renewed").count() == 3


def test_a_renewal_at_another_amount_is_told_to_staff(monthly: Shop) -> None:
    order, session = subscribed(monthly, at=now() - MONTH)
    monthly.tell("invoice.paid", monthly.stripe.renew(session, at=now(), amount=1))
    alarm = Alarm.objects.get(kind=AlarmKind.EVENT_SET_ASIDE, resolved_at=None)
    assert alarm.subject == order.public_id
    assert alarm.detail.endswith("the amount differs from the price")


def test_a_renewal_that_fails_leaves_the_grace(monthly: Shop) -> None:
    bought = now() - MONTH
    order, session = subscribed(monthly, at=bought)
    monthly.tell("invoice.payment_failed", monthly.stripe.fail_renewal(session, at=now()))
    order.refresh_from_db()
    assert order.state == OrderState.PAST_DUE
    assert grant(order).ends_at == moment(bought + MONTH) + SLACK + timedelta(days=7)


def test_a_renewal_that_is_paid_after_all_is_active(monthly: Shop) -> None:
    order, session = subscribed(monthly, at=now() - MONTH)
    invoice = monthly.stripe.fail_renewal(session, at=now() - DAY)
    assert again(order).state == OrderState.PAST_DUE
    invoice.update(status="paid", amount_paid=500, status_transitions={"paid_at": now()})
    subscription(monthly, session)["status"] = "active"
    assert again(order).state == OrderState.ACTIVE


def test_cancelling_keeps_what_was_paid_for_and_resuming_takes_it_back(monthly: Shop) -> None:
    bought = now() - DAY
    order, _session = subscribed(monthly, at=bought)
    paid_until = moment(bought + MONTH) + SLACK
    stripe = provider("stripe")
    for change, state in (
        (stripe.cancel, OrderState.CANCELLED),
        (stripe.resume, OrderState.ACTIVE),
        (stripe.cancel, OrderState.CANCELLED),
    ):
        change(order)
        subscription_now = subscription(monthly, _session)
        if subscription_now["canceled_at"]:
            subscription_now["canceled_at"] += order.events.count()
        order = again(order)
        assert again(order).state == order.state == state
        assert grant(order).ends_at == paid_until


def test_a_subscription_that_is_deleted_is_cancelled_and_has_no_grace(monthly: Shop) -> None:
    bought = now() - MONTH
    order, session = subscribed(monthly, at=bought)
    monthly.stripe.fail_renewal(session, at=now() - DAY)
    assert again(order).state == OrderState.PAST_DUE
    thing = subscription(monthly, session)
    thing.update(status="canceled", canceled_at=now())
    monthly.tell("customer.subscription.deleted", thing)
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    assert grant(order).ends_at == moment(bought + MONTH) + SLACK


def test_a_refund_of_a_month_leads_to_its_order(monthly: Shop) -> None:
    """Stripe makes a subscription's payments itself, and writes nothing of ours on them."""
    order = monthly.order()
    session = monthly.stripe.pay(monthly.session(order))
    invoice = monthly.stripe.things[subscription(monthly, session)["latest_invoice"]]
    intent = monthly.stripe.things[invoice["payments"]["data"][0]["payment"]["payment_intent"]]
    monthly.tell("refund.created", monthly.stripe.refund(intent["latest_charge"], 500))
    order.refresh_from_db()
    assert (order.state, order.refunded) == (OrderState.REFUNDED, 500)


def test_our_refund_gives_back_what_was_paid_last(monthly: Shop) -> None:
    order, session = subscribed(monthly, at=now() - MONTH)
    monthly.stripe.renew(session, at=now())
    provider("stripe").refund(again(order), 100)
    assert again(order).refunded == 100
    (refund,) = (thing for thing in monthly.stripe.things.values() if thing["object"] == "refund")
    latest = monthly.stripe.things[subscription(monthly, session)["latest_invoice"]]
    assert refund["payment_intent"] == latest["payments"]["data"][0]["payment"]["payment_intent"]


def test_of_several_months_a_refund_of_one_that_was_given_back_already_is_refused(monthly: Shop) -> None:
    order, session = subscribed(monthly, at=now() - MONTH)
    invoice = monthly.stripe.renew(session, at=now())
    intent = monthly.stripe.things[invoice["payments"]["data"][0]["payment"]["payment_intent"]]
    monthly.stripe.refund(intent["latest_charge"], 500)
    with pytest.raises(NotPossible):
        provider("stripe").refund(order, 100)


def test_what_is_charged_once_can_be_neither_cancelled_nor_resumed(shop: Shop) -> None:
    order = shop.order()
    for change in (provider("stripe").cancel, provider("stripe").resume):
        with pytest.raises(NotPossible):
            change(order)
