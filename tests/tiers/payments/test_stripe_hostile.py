"""What is not Stripe's, not ours, or not true, gives nothing; what may concern us is kept for staff."""

import json
import time
from typing import Any

import pytest
import stripe as library

from tests.factories import person
from tests.fixtures.stripe_shop import SECRET, Shop
from tiers.models import Alarm, AlarmKind, Grant, InboxState, Order, OrderState, ProviderEvent


def sign(body: str, *, secret: str = SECRET, age: int = 0) -> str:
    return library.WebhookSignature.generate_signature_header(body, secret, timestamp=int(time.time()) - age)


def paid(shop: Shop, **charged: Any) -> tuple[Order, Any]:
    order = shop.order()
    answer = shop.tell("checkout.session.completed", shop.stripe.pay(shop.session(order), **charged))
    order.refresh_from_db()
    return order, answer


def alarms(kind: AlarmKind) -> list[str]:
    return list(Alarm.objects.filter(kind=kind, resolved_at=None).values_list("detail", flat=True))


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=1,v1=ab",
        "t=now,v1=ab",
        "nonsense",
        "v1=ab",
        "t=1\x00,v1=ab",
        "t=99999999999999999999,v1=ä",
        sign("{}", age=301),
        sign("{}", secret="whsec_of_another"),
        sign("{ }"),
    ],
    ids=["none", "old", "no time", "nonsense", "no time at all", "NUL", "far", "five minutes", "another", "other body"],
)
def test_a_bad_signature_is_401_and_stores_nothing(shop: Shop, signature: str) -> None:
    answer = shop.deliver("{}", signature=signature)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert not ProviderEvent.objects.exists()


def test_a_signature_of_four_minutes_ago_is_good(shop: Shop) -> None:
    body = shop.message("customer.created", {"object": "customer"})
    assert shop.deliver(body, signature=sign(body, age=240)).status_code == 200


def test_a_body_that_is_no_text_is_401(shop: Shop) -> None:
    assert shop.deliver(b"\xff\xfe", signature=sign("{}")).status_code == 401  # type: ignore[arg-type]


def test_nothing_is_good_where_stripe_is_off(shop: Shop, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""
    body = shop.message("customer.created", {"object": "customer"})
    assert shop.deliver(body, signature=sign(body, secret="")).status_code == 401


def test_a_body_over_one_mebibyte_is_413(shop: Shop) -> None:
    body = json.dumps({"id": "evt_1", "padding": "x" * (1 << 20)})
    assert shop.deliver(body).status_code == 413
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize("changed", [{"account": "acct_other"}, {"livemode": True}])
def test_another_accounts_or_modes_event_is_set_aside(shop: Shop, changed: dict[str, Any]) -> None:
    order = shop.order()
    session = {**shop.session(order), "status": "complete", "payment_status": "paid"}
    body = json.dumps({**json.loads(shop.message("checkout.session.completed", session)), **changed})
    assert shop.deliver(body).json()["state"] == InboxState.SET_ASIDE
    assert not Grant.objects.filter(order=order).exists()
    assert len(alarms(AlarmKind.EVENT_SET_ASIDE)) == 1


def test_a_live_key_hears_live_events_alone(shop: Shop, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_of_the_tests"
    session = shop.session(shop.order())
    assert shop.tell("checkout.session.completed", session).json()["state"] == InboxState.SET_ASIDE


def test_a_paid_event_whose_session_is_unpaid_gives_nothing(shop: Shop) -> None:
    """Whoever had the webhook's secret could say so; Stripe itself does not."""
    order = shop.order()
    said = {**shop.session(order), "status": "complete", "payment_status": "paid"}
    assert shop.tell("checkout.session.completed", said).status_code == 200
    order.refresh_from_db()
    assert (order.state, Grant.objects.filter(order=order).exists()) == (OrderState.CREATED, False)


def test_a_session_of_another_order_pays_for_that_order_alone(shop: Shop) -> None:
    order = shop.order()
    other = Shop(shop.stripe, shop.product, person()).order()
    said = {**shop.stripe.pay(shop.session(other)), "metadata": shop.session(order)["metadata"]}
    shop.tell("checkout.session.completed", said)
    assert not Grant.objects.filter(order=order).exists()


@pytest.mark.parametrize(
    ("charged", "problem"),
    [
        ({"amount_total": 499}, "amount_differs"),
        ({"amount_total": 50_000}, "amount_differs"),
        ({"amount_total": 0, "payment_status": "no_payment_required"}, "amount_differs"),
        ({"currency": "jpy"}, "currency_differs"),
    ],
)
def test_another_price_than_the_products_gives_nothing(shop: Shop, charged: dict[str, Any], problem: str) -> None:
    order, answer = paid(shop, **charged)
    assert answer.status_code == 200
    assert (order.state, order.problem) == (OrderState.UNFULFILLED, problem)
    assert not Grant.objects.filter(order=order).exists()
    assert len(alarms(AlarmKind.UNFULFILLED)) == 1


def test_an_unknown_price_gives_nothing_and_staff_are_told(shop: Shop) -> None:
    sold = {"object": "list", "data": [{"price": {"id": "price_unknown"}, "quantity": 1}]}
    order, answer = paid(shop, line_items=sold)
    assert answer.status_code == 200
    assert not Grant.objects.filter(order=order).exists()
    (said,) = alarms(AlarmKind.EVENT_SET_ASIDE)
    assert said.endswith("names a product that does not exist")


def test_a_session_moved_to_another_workspace_gives_nothing(shop: Shop) -> None:
    order = shop.order()
    shop.session(order)["metadata"]["trellis_workspace"] = person().personal_workspace.public_id
    shop.tell("checkout.session.completed", shop.stripe.pay(shop.session(order)))
    assert not Grant.objects.filter(order=order).exists()
    (said,) = alarms(AlarmKind.EVENT_SET_ASIDE)
    assert said.endswith("names another workspace than the order's")


@pytest.mark.parametrize("metadata", [{}, None, [], {"order": "theirs"}, {"trellis_order": "a\x00b"}])
def test_a_session_that_is_not_ours_is_ignored(shop: Shop, metadata: Any) -> None:
    session = shop.stripe.add("checkout.session", "cs_test", metadata=metadata, payment_status="paid")
    answer = shop.tell("checkout.session.completed", session)
    assert (answer.status_code, answer.json()["state"]) == (200, InboxState.IGNORED)
    assert not Order.objects.exists()


def test_a_session_of_an_order_that_we_do_not_have_is_set_aside(shop: Shop) -> None:
    session = shop.stripe.add("checkout.session", "cs_test", metadata={"trellis_order": "0123456789ab"})
    answer = shop.tell("checkout.session.completed", session)
    assert (answer.status_code, answer.json()["state"]) == (200, InboxState.SET_ASIDE)
    assert len(alarms(AlarmKind.EVENT_SET_ASIDE)) == 1
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[1]",
        "{",
        "[" * 100_000,
        '{"id": "a\\u0000b", "type": "x\\u0000y"}',
        '{"id": 7, "type": {}, "data": []}',
        '{"id": "evt_1", "data": {"object": {"object": []}}}',
        '{"id": "evt_1", "data": {"object": {"object": "refund", "charge": "ch\\u0000", "payment_intent": {"id": 1}}}}',
        '{"id": "evt_1", "data": {"object": {"object": "invoice", "parent": {"subscription_details": []}}}}',
        '{"id": "evt_1", "data": {"object": {"object": "invoice", "parent": 3, "metadata": 3}}}',
    ],
)
def test_what_says_nothing_is_kept_and_ignored(shop: Shop, body: str) -> None:
    answer = shop.deliver(body)
    assert (answer.status_code, answer.json()["state"]) == (200, InboxState.IGNORED)
    assert bytes(ProviderEvent.objects.get().body) == body.encode()
