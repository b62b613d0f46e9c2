"""A real worker is killed in the middle of a task, and the next one does what it left; so when Redis was emptied."""

import pytest
import redis
from django.conf import settings

from config.celery import app
from tests import factories
from tests.fixtures.workers import kill, worker
from tests.jobs import shop
from tests.jobs.waiting import locked, wait_for, waits_for_a_lock
from tiers import tasks
from tiers.models import Grant, InboxState, OrderEvent, ProviderEvent

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]
# The worker dies between two statements of one transaction: a lock that nobody gives it holds it there.
HOLD = {"before the order": "tiers_order", "before the grant": "tiers_grant", "before the audit": "accounts_auditevent"}


@pytest.mark.parametrize("table", HOLD.values(), ids=HOLD)
def test_a_worker_that_is_killed_leaves_nothing_half_done(table: str) -> None:
    factories.catalogue()
    owner = factories.person()
    event = shop.stored(*shop.message("order.paid", owner.personal_workspace, shop.product(shop.gated_model())))
    with worker("--pool", "solo") as first, locked(table):
        tasks.redrive_events.delay()
        wait_for(waits_for_a_lock)
        kill(first)
    # PostgreSQL notices that the worker is gone, and undoes what it had begun.
    wait_for(lambda: not waits_for_a_lock())
    event.refresh_from_db()
    assert event.state == InboxState.RECEIVED
    assert not Grant.objects.filter(order=event.order).exists()
    assert not OrderEvent.objects.filter(order=event.order).exists()
    with worker("--pool", "solo"):
        wait_for(lambda: tasks.redrive_events.delay() and is_applied(event))
    assert Grant.objects.filter(order=event.order, revoked_at=None).count() == 1
    assert OrderEvent.objects.filter(order=event.order).count() == 1


def is_applied(event: ProviderEvent) -> bool:
    event.refresh_from_db()
    return event.state == InboxState.APPLIED


def test_what_was_queued_in_a_redis_that_was_emptied_is_found_again() -> None:
    factories.catalogue()
    owner = factories.person()
    event = shop.stored(*shop.message("order.paid", owner.personal_workspace, shop.product(shop.gated_model())))
    tasks.sync_order_task.delay(event.order_id)
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    client.close()
    with worker("--pool", "solo"):
        wait_for(lambda: tasks.redrive_events.delay() and is_applied(event))
        wait_for(lambda: app.control.ping(timeout=5, limit=1))
