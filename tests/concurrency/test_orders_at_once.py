"""Messages of one order, of one workspace, of one model, that come in one instant."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.audit import Task
from accounts.audit_chain import verify
from accounts.ids import new_public_id
from accounts.models import AuditEvent
from tests import factories
from tests.concurrency import at_once, refused
from tests.tiers.orders.shop import Shop, early_access, open_shop
from tiers.actions.grants import revoke_grant
from tiers.actions.orders import place_order, sync_order
from tiers.models import AIModel, Grant, Order, OrderEvent, OrderState, Provider

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 8


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    factories.catalogue()
    return open_shop()


def telling(shop: Shop, kind: str, order: str = "ord_1", **data: Any) -> Callable[[], int]:
    """Its delivery, by a client of its own; the status of the answer."""
    body, message = shop.body(kind, order, **data), new_public_id()
    headers = shop.signed(body, message)
    path = f"/webhooks/standard/{shop.source.name}"

    def deliver() -> int:
        client = Client(raise_request_exception=False)
        return client.post(path, body, content_type="application/json", headers=headers).status_code

    return deliver


def granted(shop: Shop) -> int:
    return AuditEvent.objects.filter(action="grant.given", workspace=shop.workspace).count()


def test_one_message_that_comes_eight_times_is_one(shop: Shop) -> None:
    assert at_once(*[telling(shop, "order.paid")] * TIMES) == [200] * TIMES
    assert (OrderEvent.objects.count(), granted(shop), shop.event().repeats) == (1, 1, TIMES - 1)
    assert shop.grant().revoked_at is None


@pytest.mark.parametrize("attempt", range(3))
def test_whatever_is_said_of_one_order_at_once_comes_to_the_same(shop: Shop, attempt: int) -> None:
    said = [
        telling(shop, "order.created"),
        telling(shop, "order.paid"),
        telling(shop, "order.paid"),
        telling(shop, "order.disputed", dispute={"id": "d"}),
        telling(shop, "order.dispute_closed", dispute={"id": "d", "outcome": "won"}),
        telling(shop, "order.refunded", refund={"id": "r1", "amount": 250}),
        telling(shop, "order.refunded", refund={"id": "r2", "amount": 250}),
        telling(shop, "order.refunded", refund={"id": "r2", "amount": 250}),
    ]
    turn = attempt * 3
    assert at_once(*said[turn:], *said[:turn]) == [200] * len(said)
    assert (shop.order().state, shop.order().refunded) == (OrderState.REFUNDED, 500)
    assert Grant.objects.filter(order=shop.order(), revoked_at=None).count() == 0
    assert list(verify()) == []


def test_orders_that_name_two_workspaces_each_do_not_wait_for_each_other_for_ever(shop: Shop) -> None:
    other = factories.person().personal_workspace.public_id
    for _ in range(3):
        said = [
            *(telling(shop, "order.paid", name) for name in ("a", "b")),
            *(telling(shop, "order.paid", name, workspace=other) for name in ("a", "b", "c", "d")),
            *(telling(shop, "order.paid", name) for name in ("c", "d")),
        ]
        assert at_once(*said) == [200] * TIMES
    assert Grant.objects.filter(order__isnull=False, revoked_at=None).count() == 4
    assert list(verify()) == []


def test_of_all_who_reach_a_goal_at_once_one_opens_it_and_all_hold_it(shop: Shop) -> None:
    shop.product = early_access(goal=500 * TIMES)
    assert at_once(*[telling(shop, "order.paid", f"ord_{number}") for number in range(TIMES)]) == [200] * TIMES
    assert AIModel.objects.get(name=shop.product.slug).goal_reached_at is not None
    assert AuditEvent.objects.filter(action="model.goal_reached").count() == 1
    assert Grant.objects.filter(model__name=shop.product.slug, revoked_at=None).count() == TIMES
    assert list(verify()) == []


def test_what_was_given_as_a_goal_was_reached_stays_given(shop: Shop) -> None:
    shop.product = early_access(goal=1000)
    assert at_once(*[telling(shop, "order.paid", f"ord_{number}") for number in range(TIMES)]) == [200] * TIMES
    states = dict(Order.objects.values_list("reference", "state"))
    for pk in Order.objects.values_list("pk", flat=True):
        sync_order(pk=pk, ask=False, by=Task("tests.again"))
    assert dict(Order.objects.values_list("reference", "state")) == states
    assert list(states.values()).count(OrderState.PAID) >= 2


def test_a_button_pressed_twice_orders_once(shop: Shop) -> None:
    buyer = factories.person()
    wish = {"workspace": buyer.personal_workspace, "product": shop.product, "name": Provider.SANDBOX, "by": buyer}
    orders = at_once(*[lambda: place_order(**wish)] * 4)
    assert refused(orders) == []
    assert {order.pk for order in orders if isinstance(order, Order)} == {Order.objects.get().pk}


@pytest.mark.parametrize("attempt", range(3))
def test_staff_revoke_while_the_payment_is_disputed(shop: Shop, attempt: int) -> None:
    staff = factories.administrator()
    telling(shop, "order.paid")()
    grant = shop.grant()
    said = [
        telling(shop, "order.disputed", dispute={"id": "d"}),
        lambda: revoke_grant(grant=grant, reason="They resell it.", by=staff),
        telling(shop, "order.dispute_closed", dispute={"id": "d", "outcome": "won"}),
    ]
    assert refused(at_once(*said[attempt:], *said[:attempt])) == []
    assert (shop.grant().revoked_by, shop.order().state) == (staff, OrderState.DISPUTE_WON)
    assert list(verify()) == []
