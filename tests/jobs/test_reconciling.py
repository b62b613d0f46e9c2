"""A provider's own list finds what was never delivered, and the report says so."""

import pytest

from accounts.models import AuditEvent
from tests import factories
from tests.concurrency import at_once
from tests.fixtures.sandbox import Buyer, buyer
from tiers import tasks
from tiers.claims import claimed
from tiers.models import Alarm, AlarmKind, Grant, OrderState, Reconciliation
from tiers.sandbox import ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_checkout() -> Buyer:
    factories.catalogue()
    return buyer()


def test_what_was_never_delivered_is_found_and_repaired(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    tasks.reconcile("sandbox")
    report = Reconciliation.objects.get()
    order = at_checkout.now()
    assert (report.seen, report.found, report.error) == (1, 1, "")
    assert report.repaired == [{"reference": order.reference, "order": order.public_id, "was": "created", "is": "paid"}]
    assert report.finished_at is not None
    assert Grant.objects.filter(order=order, revoked_at=None).count() == 1
    assert AuditEvent.objects.filter(action="grant.given", actor_name="tiers.reconcile").exists()
    tasks.reconcile("sandbox")
    assert Reconciliation.objects.latest("pk").found == 0


def test_a_refund_that_was_lost_takes_the_grant(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    at_checkout.asked()
    at_checkout.books("refund")
    tasks.reconcile("sandbox")
    assert at_checkout.now().state == OrderState.REFUNDED
    assert not Grant.objects.filter(order=at_checkout.order, revoked_at=None).exists()


def test_what_changed_just_now_is_looked_for_often_and_reported_where_it_was_lost(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    at_checkout.asked()
    tasks.reconcile("sandbox", often=True)
    assert not Reconciliation.objects.exists()
    at_checkout.books("refund")
    tasks.reconcile("sandbox", often=True)
    report = Reconciliation.objects.get()
    assert (at_checkout.now().state, report.found, report.finished_at is None) == (OrderState.REFUNDED, 1, False)


def test_a_provider_that_does_not_answer_is_reported_and_raises_an_alarm(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    ledger.stay_silent(order=at_checkout.order, seconds=60)
    tasks.reconcile("sandbox")
    report = Reconciliation.objects.get()
    assert report.error
    assert report.finished_at is not None
    alarm = Alarm.objects.get(kind=AlarmKind.PROVIDER_UNREACHABLE, subject="sandbox")
    ledger.stay_silent(order=at_checkout.order, seconds=0)
    tasks.reconcile("sandbox")
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time_reconciles_a_provider(at_checkout: Buyer) -> None:
    at_checkout.books("pay")
    with claimed("reconcile:sandbox"):
        at_once(lambda: tasks.reconcile("sandbox"))
        assert not Reconciliation.objects.exists()
    tasks.reconcile("sandbox")
    assert Reconciliation.objects.count() == 1
