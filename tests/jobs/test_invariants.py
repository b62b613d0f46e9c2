"""What the database forbids, done behind its back: it is repaired by a task with a name, or an alarm is raised."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from accounts.models import AuditEvent
from tests import factories
from tests.factories import shop
from tiers import tasks
from tiers.models import Alarm, AlarmKind, Grant, Holds, Order, OrderState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Order:
    factories.catalogue()
    return shop.tell("order.paid", shop.offer(interval=""), factories.person().personal_workspace)


@contextmanager
def behind_its_back() -> Iterator[None]:
    """No trigger looks."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield


def repaired_by() -> set[str]:
    return set(AuditEvent.objects.filter(actor_name__startswith="tiers.").values_list("actor_name", flat=True))


def test_nothing_is_found_where_all_is_well(order: Order) -> None:
    assert tasks.check_invariants() == 0
    assert not Alarm.objects.exists()


def test_a_grant_that_was_deleted_is_given_again(order: Order) -> None:
    with behind_its_back():
        Grant.objects.filter(order=order).delete()
    assert tasks.check_invariants() == 1
    assert Grant.objects.get(order=order).revoked_at is None
    assert repaired_by() == {"tiers.check_invariants"}
    assert not Alarm.objects.exists()


def test_an_order_that_forgot_its_payment_is_paid_again(order: Order) -> None:
    with behind_its_back():
        Grant.objects.filter(order=order).delete()
        Order.objects.filter(pk=order.pk).update(holds=Holds.NOTHING, state=OrderState.CREATED, settled_at=None)
    assert tasks.check_invariants() == 1
    order.refresh_from_db()
    assert (order.state, order.holds) == (OrderState.PAID, Holds.LIVE)


def test_a_grant_that_outlived_its_refund_is_taken(order: Order) -> None:
    shop.tell("order.refunded", order.version, order.workspace, refund={"id": "re_1", "amount": 2900})
    with behind_its_back():
        Grant.objects.filter(order=order).update(revoked_at=None, revoked_reason="")
    assert tasks.check_invariants() == 1
    assert Grant.objects.get(order=order).revoked_at is not None
    assert repaired_by() == {"tiers.check_invariants"}


def test_a_sum_of_refunds_that_is_wrong_is_put_right(order: Order) -> None:
    with behind_its_back():
        Order.objects.filter(pk=order.pk).update(refunded=100)
    assert tasks.check_invariants() == 1
    order.refresh_from_db()
    assert order.refunded == 0


def test_a_payment_that_is_no_longer_the_price_opens_nothing(order: Order) -> None:
    with behind_its_back(), connection.cursor() as cursor:
        cursor.execute("UPDATE tiers_orderevent SET amount = 1 WHERE order_id = %s", [order.pk])
    assert tasks.check_invariants() == 1
    order.refresh_from_db()
    assert order.state == OrderState.UNFULFILLED
    assert Grant.objects.get(order=order).revoked_at is not None


def alarms() -> set[tuple[str, str, int]]:
    return set(Alarm.objects.filter(resolved_at=None).values_list("kind", "subject", "times"))


def test_what_cannot_be_repaired_is_brought_before_staff_until_it_is_well(order: Order) -> None:
    """The grant's row names no order any more, and stands in the way of another one."""
    grant = Grant.objects.get(order=order)
    with behind_its_back():
        Grant.objects.filter(pk=grant.pk).update(order=None)
    for times in (1, 2):
        assert tasks.check_invariants() == 2
        assert alarms() == {
            (AlarmKind.PAID_WITHOUT_GRANT, order.public_id, times),
            (AlarmKind.GRANT_WITHOUT_PAYMENT, grant.public_id, times),
        }
    with behind_its_back():
        Grant.objects.filter(pk=grant.pk).update(order=order)
    assert tasks.check_invariants() == 0
    assert alarms() == set()
