"""What nobody told us of is asked for; what follows from time alone is called by its name; money owed is given back."""

from datetime import timedelta

import pytest

from accounts import clock
from accounts.audit import Task
from accounts.models import AuditEvent
from tests import factories
from tests.factories import shop
from tests.fixtures.sandbox import Buyer, buyer
from tiers import tasks
from tiers.actions.orders import open_checkout, place_order, sync_order
from tiers.models import AIModel, Alarm, AlarmKind, Grant, Order, OrderState, Provider
from tiers.sandbox import ledger

pytestmark = pytest.mark.django_db
BY = Task("tests")


@pytest.fixture
def at_checkout() -> Buyer:
    factories.catalogue()
    return buyer()


def test_a_payment_that_nobody_told_us_of_is_found_by_asking(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    assert tasks.watch_unsettled() == 1
    assert at_checkout.now().state == OrderState.PAID
    assert Grant.objects.filter(order=at_checkout.order, revoked_at=None).exists()
    changed = AuditEvent.objects.filter(subject_id=at_checkout.order.public_id, action="order.changed").latest("pk")
    assert changed.actor_name == "tiers.watch_unsettled"
    assert tasks.watch_unsettled() == 0


@pytest.mark.parametrize(
    ("waits", "asked_ago", "due"),
    [
        (timedelta(minutes=2), timedelta(seconds=30), False),
        (timedelta(minutes=2), timedelta(seconds=90), True),
        (timedelta(hours=8), timedelta(hours=1), False),
        (timedelta(hours=8), timedelta(hours=3), True),
        (timedelta(days=20), timedelta(hours=20), False),
        (timedelta(days=20), timedelta(hours=25), True),
        (timedelta(days=40), timedelta(days=3), False),
    ],
)
def test_the_longer_it_waits_the_seldomer_it_is_asked(at_checkout: Buyer, waits, asked_ago, due) -> None:
    now = clock.now()
    waiting = Order.objects.filter(pk=at_checkout.order.pk)
    waiting.update(unsettled_since=now - waits, synced_at=now - asked_ago)
    assert tasks.watch_unsettled() == due


def test_a_provider_that_is_away_is_asked_once_and_the_order_stays(at_checkout: Buyer) -> None:
    ledger.stay_silent(order=at_checkout.order, seconds=60)
    assert tasks.watch_unsettled() == 0
    assert at_checkout.now().state == OrderState.CREATED


def past(order: Order) -> None:
    """Its paid time is over, by a message of a renewal that ended long ago."""
    Order.objects.filter(pk=order.pk).update(ends_at=clock.now() - timedelta(seconds=1))


def test_a_subscription_whose_time_is_over_is_called_ended() -> None:
    factories.catalogue()
    version = shop.offer()
    owner = factories.person()
    paid_at = clock.now() - timedelta(days=40)
    order = shop.tell("order.paid", version, owner.personal_workspace, at=paid_at)
    Order.objects.filter(pk=order.pk).update(state=OrderState.ACTIVE)
    assert tasks.end_periods() == 1
    order.refresh_from_db()
    assert order.state == OrderState.ENDED
    assert tasks.end_periods() == 0


def test_a_renewal_that_was_never_told_keeps_it_active() -> None:
    factories.catalogue()
    monthly = buyer(interval="month")
    monthly.books("pay")
    monthly.asked()
    monthly.books("renew")
    past(monthly.order)
    assert tasks.end_periods() == 1
    order = monthly.now()
    assert order.state == OrderState.ACTIVE
    assert order.ends_at is not None
    assert order.ends_at > clock.now() + timedelta(days=40)


def test_a_subscription_that_was_refunded_in_part_is_watched_like_any_other() -> None:
    factories.catalogue()
    monthly = buyer(interval="month")
    monthly.books("pay")
    monthly.books("refund", amount=100)
    assert monthly.asked().state == OrderState.PARTLY_REFUNDED
    assert tasks.watch_unsettled() == 0
    monthly.books("renew")
    Order.objects.filter(pk=monthly.order.pk).update(synced_at=clock.now() - timedelta(days=2))
    before = monthly.now().ends_at
    assert tasks.watch_unsettled() == 1
    after = monthly.now().ends_at
    assert before is not None
    assert after is not None
    assert after > before


def test_refunded_in_part_it_is_called_ended_when_its_time_is_over() -> None:
    factories.catalogue()
    version, workspace = shop.offer(), factories.person().personal_workspace
    paid_at = clock.now() - timedelta(days=40)
    shop.tell("order.paid", version, workspace, at=paid_at)
    order = shop.tell("order.refunded", version, workspace, at=paid_at, refund={"id": "re_1", "amount": 100})
    Order.objects.filter(pk=order.pk).update(state=OrderState.PARTLY_REFUNDED)
    assert tasks.end_periods() == 1
    order.refresh_from_db()
    assert order.state == OrderState.ENDED
    assert tasks.end_periods() == 0


def paid_too_late() -> Order:
    """Ordered within the window of early access, and paid after it."""
    factories.catalogue()
    version = shop.early_access(until=clock.now() + timedelta(days=9))
    person = factories.person()
    order = place_order(workspace=person.personal_workspace, product=version.product, name=Provider.SANDBOX, by=person)
    order = open_checkout(order=order, back="", by=person)
    # The goal was reached by others meanwhile, which ends the window.
    AIModel.objects.filter(pk=version.model_id).update(goal_reached_at=clock.now())
    ledger.take_step(order=order, step=ledger.Step.PAY, wish=ledger.Wish())
    return sync_order(pk=order.pk, ask=True, by=BY)


def test_money_that_came_too_late_is_given_back_once() -> None:
    order = paid_too_late()
    assert order.state == OrderState.UNFULFILLED
    assert tasks.refund_unfulfilled() == 1
    order.refresh_from_db()
    assert order.state == OrderState.REFUNDED
    assert tasks.refund_unfulfilled() == 0
    asked = AuditEvent.objects.get(action="order.refund_asked", subject_id=order.public_id)
    assert asked.actor_name == "tiers.refund_unfulfilled"


def test_a_refund_that_the_provider_does_not_take_now_is_tried_again() -> None:
    order = paid_too_late()
    ledger.stay_silent(order=order, seconds=60)
    assert tasks.refund_unfulfilled() == 0
    alarm = Alarm.objects.get(kind=AlarmKind.REFUND_FAILED, subject=order.public_id)
    ledger.stay_silent(order=order, seconds=0)
    assert tasks.refund_unfulfilled() == 1
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None


def test_a_shop_that_cannot_give_back_leaves_it_to_staff() -> None:
    factories.catalogue()
    owner = factories.person()
    version = shop.early_access(until=clock.now() - timedelta(minutes=5))
    order = shop.tell("order.paid", version, owner.personal_workspace)
    assert order.state == OrderState.UNFULFILLED
    assert tasks.refund_unfulfilled() == 0
    alarm = Alarm.objects.get(kind=AlarmKind.REFUND_FAILED, subject=order.public_id)
    assert tasks.refund_unfulfilled() == 0
    alarm.refresh_from_db()
    assert alarm.times == 1
