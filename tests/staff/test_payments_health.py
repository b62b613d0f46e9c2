"""Health of payments: what waits, how long things take, what was compared and repaired."""

from datetime import timedelta

import pgtrigger
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.audit import Task
from accounts.clock import now
from accounts.models import User
from tests.factories import payments
from tiers.actions.inbox import handle_event
from tiers.models import Alarm, Provider, ProviderEvent, Reconciliation
from tiers.selectors import health

pytestmark = pytest.mark.django_db
QUERIES = 20


def shown(client: Client) -> str:
    response = client.get("/events/health/")
    assert response.status_code == 200
    return response.content.decode()


def test_each_provider_is_told_with_what_waits(noor: User) -> None:
    workspace = noor.personal_workspace
    payments.paid(workspace)
    payments.told("order.paid", workspace="0000000000zz")
    waiting = payments.told("order.paid", workspace=workspace, handle=False)
    failed = payments.told("order.paid", workspace=workspace, handle=False)
    ProviderEvent.objects.filter(pk=failed.pk).update(state="failed", attempts=2, error="Away")
    found = {standing.name: standing for standing in health.standings()}
    shop = found[Provider.STANDARD]
    assert (shop.is_on, shop.waiting, shop.failed, shop.set_aside) == (True, 2, 1, 1)
    assert (shop.oldest, shop.last_at) == (waiting.received_at, failed.received_at)
    assert (found[Provider.STRIPE].last_at, found[Provider.STRIPE].waiting) == (None, 0)


def test_lags_are_measured_of_the_last_day_alone(noor: User) -> None:
    for milliseconds in (10, 20, 30):
        event = payments.told("order.paid", workspace=noor.personal_workspace)
        handled = event.received_at + timedelta(milliseconds=milliseconds)
        ProviderEvent.objects.filter(pk=event.pk).update(handled_at=handled)
    old = payments.told("order.paid", workspace=noor.personal_workspace)
    with pgtrigger.ignore("tiers.ProviderEvent:kept_as_it_came"):
        ProviderEvent.objects.filter(pk=old.pk).update(received_at=now() - timedelta(days=3))
    found = health.lags(now())
    assert (found.measured, found.applied.p50, found.applied.p99) == (3, 20, 30)
    assert found.told.p50 is not None
    assert found.hours[-1] == pytest.approx(29.8)
    assert sum(found.hours) == found.hours[-1]


def test_nothing_measured_is_said_as_nothing(staff: Client) -> None:
    page = shown(staff)
    assert "Ledger and grants agree" in page
    assert "0 messages" in page


def test_reports_repairs_and_disagreements_are_shown(staff: Client, noor: User) -> None:
    Reconciliation.objects.create(provider="stripe", since=now(), seen=7, found=1, repaired=[{}], error="Away")
    event = payments.told("order.paid", workspace=noor.personal_workspace, handle=False)
    event = handle_event(event=event, by=Task("tiers.redrive_events"))
    Alarm.objects.create(kind="paid_without_grant", subject="x")
    page = shown(staff)
    assert "Away" in page
    assert "tiers.redrive_events" in page
    assert f"/events/orders/{event.order.public_id}/" in page
    assert "1 order and its grant disagree" in page


def test_the_number_of_queries_does_not_depend_on_the_rows(
    staff: Client, noor: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shown(staff)
    for number in range(3):
        payments.paid(noor.personal_workspace, order=f"ord_{number}")
        Reconciliation.objects.create(provider="stripe", since=now())
        with django_assert_num_queries(QUERIES):
            shown(staff)
