"""One message, from its signature to the grant."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.audit_chain import verify
from accounts.models import AuditEvent
from tests import factories
from tests.tiers.orders.shop import BY, Shop, early_access, product, version
from tiers.actions.catalogue_edits import edit_model
from tiers.actions.early_access import raised_for
from tiers.actions.inbox import handle_event
from tiers.models import AIModel, Alarm, AlarmKind, Grant, InboxState, Order, OrderEvent, OrderState, ProviderEvent
from tiers.selectors.offers import early_access as early_access_of

pytestmark = pytest.mark.django_db
MOST_ROUND_TRIPS = 20


def open_alarms(kind: AlarmKind) -> int:
    return Alarm.objects.filter(kind=kind, resolved_at=None).count()


def test_a_payment_is_a_grant_before_it_is_answered(shop: Shop) -> None:
    paid_at = datetime.now(UTC) - timedelta(minutes=3)
    response = shop.tell("order.paid", at=paid_at)
    assert response.status_code == 200
    assert response.json() == {"event": shop.event().public_id, "state": "applied"}
    grant, order = shop.grant(), shop.order()
    assert (grant.workspace, grant.tier.slug, grant.starts_at) == (shop.workspace, "flower", paid_at)
    assert grant.ends_at == paid_at + timedelta(days=30)
    assert (order.state, order.holds, order.settled_at) == ("paid", "live", paid_at)
    actions = AuditEvent.objects.filter(workspace=shop.workspace).values_list("action", flat=True)
    assert {"grant.given", "order.changed"} <= set(actions)
    assert list(verify()) == []


def test_a_payment_takes_few_round_trips(shop: Shop) -> None:
    body = shop.body("order.paid")
    first, again, repeated = (round_trips(lambda m=m: shop.deliver(body, m)) for m in ("one", "two", "two"))
    assert len(first) <= MOST_ROUND_TRIPS, first
    assert len(again) < len(first)
    assert len(repeated) <= 3, repeated


def round_trips(do: Callable[[], object]) -> list[str]:
    """But for those that stand in for the beginning and the end of a transaction, as the test is one itself."""
    with CaptureQueriesContext(connection) as seen:
        do()
    return [query["sql"] for query in seen if "SAVEPOINT" not in query["sql"]]


def test_the_same_message_again_changes_nothing(shop: Shop) -> None:
    body = shop.body("order.paid")
    for _ in range(3):
        assert shop.deliver(body, "msg_same").status_code == 200
    assert (Grant.objects.filter(order__isnull=False).count(), OrderEvent.objects.count()) == (1, 1)
    assert shop.event().repeats == 2
    assert AuditEvent.objects.filter(action="grant.given", workspace=shop.workspace).count() == 1


def test_a_duplicate_of_what_was_not_handled_is_handled(shop: Shop) -> None:
    body = shop.body("order.paid")
    shop.deliver(body, "msg_same")
    event = shop.event()
    ProviderEvent.objects.filter(pk=event.pk).update(state=InboxState.FAILED, handled_at=None)
    assert shop.deliver(body, "msg_same").json()["state"] == "applied"


def test_another_message_under_a_known_id_is_told_to_staff(shop: Shop) -> None:
    shop.tell("order.pending", message="msg_same")
    assert shop.tell("order.paid", message="msg_same").status_code == 200
    assert not Grant.objects.filter(order__isnull=False).exists()
    assert open_alarms(AlarmKind.EVENT_SET_ASIDE) == 1


def test_a_message_of_a_type_that_we_do_not_know_begins_no_order(shop: Shop) -> None:
    response = shop.tell("customer.created", "cus_1")
    assert (response.status_code, response.json()["state"]) == (200, "ignored")
    assert not Order.objects.exists()
    assert not Alarm.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"workspace": "nobody000000"}, {"product": "nothing"}, {"amount": 499}, {"currency": "EUR"}]
)
def test_what_names_what_is_not_so_is_set_aside_with_an_alarm(shop: Shop, wrong: dict[str, Any]) -> None:
    response = shop.tell("order.paid", **wrong)
    assert (response.status_code, response.json()["state"]) == (200, "set_aside")
    assert not Grant.objects.filter(order__isnull=False).exists()
    assert open_alarms(AlarmKind.EVENT_SET_ASIDE) == 1
    shop.tell("order.paid")
    assert shop.grant().revoked_at is None


def test_what_was_set_aside_is_applied_once_the_product_is_there(shop: Shop) -> None:
    shop.tell("order.paid", product="late")
    product("late", tier=shop.product.versions.get().tier)
    handle_event(event=shop.event(), by=BY, again=True)
    assert shop.event().state == InboxState.APPLIED
    assert open_alarms(AlarmKind.EVENT_SET_ASIDE) == 0
    assert shop.grant().revoked_at is None


def test_what_turns_out_to_be_of_another_order_is_taken_back_and_told(shop: Shop) -> None:
    other = product("other", calls=100, kind="pack")
    shop.tell("order.paid")
    before = datetime.now(UTC) - timedelta(hours=1)
    shop.tell("order.created", product=other.slug, at=before)
    assert shop.grant().revoked_at is not None
    assert ProviderEvent.objects.get(kind="order.paid").state == InboxState.SET_ASIDE
    assert open_alarms(AlarmKind.EVENT_SET_ASIDE) == 1
    shop.tell("order.paid", product=other.slug)
    assert Grant.objects.get(order=shop.order(), revoked_at=None).calls == 100


def test_an_alarm_that_a_person_resolved_is_not_raised_for_the_same_again(shop: Shop) -> None:
    shop.tell("order.paid", amount=499)
    Alarm.objects.update(resolved_at=clock.now())
    shop.tell("order.pending")
    assert open_alarms(AlarmKind.UNFULFILLED) == 0
    shop.tell("order.refunded", amount=499, refund={"id": "r", "amount": 499})
    assert shop.order().state == OrderState.REFUNDED


def test_refund_of_one_order_keeps_the_grant_of_another(shop: Shop) -> None:
    shop.tell("order.paid", "ord_1")
    shop.tell("order.paid", "ord_2")
    shop.tell("order.refunded", "ord_1", refund={"id": "r", "amount": 500})
    assert shop.grant("ord_1").revoked_at is not None
    assert shop.grant("ord_2").revoked_at is None
    shop.tell("order.paid", "ord_3")
    assert shop.grant("ord_3").revoked_at is None


def test_a_payment_after_the_window_is_unfulfilled_until_it_is_refunded(shop: Shop) -> None:
    shop.product = early_access(ends_in=timedelta(minutes=-1))
    shop.tell("order.paid")
    assert shop.order().state == OrderState.UNFULFILLED
    assert open_alarms(AlarmKind.UNFULFILLED) == 1
    shop.tell("order.refunded", refund={"id": "r", "amount": 500})
    assert (shop.order().state, open_alarms(AlarmKind.UNFULFILLED)) == (OrderState.REFUNDED, 0)
    shop.tell("order.paid", "in time", at=datetime.now(UTC) - timedelta(minutes=2))
    assert shop.grant("in time").source == "early_access"


def test_the_goal_opens_to_all_and_later_payments_are_unfulfilled(shop: Shop) -> None:
    shop.product = early_access(goal=1000)
    shop.tell("order.paid", "ord_1")
    assert AIModel.objects.get(name=shop.product.slug).goal_reached_at is None
    shop.tell("order.paid", "ord_2")
    assert AIModel.objects.get(name=shop.product.slug).goal_reached_at is not None
    shop.tell("order.paid", "ord_3")
    assert shop.order("ord_3").state == OrderState.UNFULFILLED
    shop.tell("order.refunded", "ord_1", refund={"id": "r", "amount": 500})
    assert AIModel.objects.get(name=shop.product.slug).goal_reached_at is not None
    assert shop.order("ord_2").state == OrderState.PAID


def test_a_new_window_has_its_goal_before_it(shop: Shop) -> None:
    shop.product = early_access(goal=500)
    shop.tell("order.paid", "ord_1")
    model, now = AIModel.objects.get(name=shop.product.slug), clock.now()
    window = {"early_access_from": now, "early_access_until": now + timedelta(days=30)}
    model = edit_model(model=model, values=window, reason="Again.", by=factories.administrator())
    assert (model.goal_reached_at, raised_for(model)) == (None, 0)
    assert early_access_of([model.name], None, clock.now())[model.name].raised == 0
    shop.tell("order.paid", "ord_2")
    assert AIModel.objects.get(pk=model.pk).goal_reached_at is not None
    assert early_access_of([model.name], None, clock.now())[model.name].raised == 500
    assert shop.order("ord_2").state == OrderState.PAID


def test_the_price_on_the_day_of_the_order_counts(shop: Shop) -> None:
    first, now = shop.product.versions.get(), clock.now()
    first.sale_until = now - timedelta(hours=1)
    first.save(update_fields=["sale_until"])
    version(shop.product, 2, amount=700, tier=first.tier, sale_from=first.sale_until)
    shop.tell("order.paid", "late")
    assert shop.order("late").state == OrderState.UNFULFILLED
    shop.tell("order.created", "late", at=now - timedelta(hours=2))
    assert shop.grant("late").ends_at is not None
    assert open_alarms(AlarmKind.UNFULFILLED) == open_alarms(AlarmKind.EVENT_SET_ASIDE) == 0
    shop.tell("order.paid", "new", amount=700)
    assert shop.order("new").version.number == 2
