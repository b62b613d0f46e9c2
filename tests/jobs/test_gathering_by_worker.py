"""Signals gathered by a real worker: killed in the middle, and two at one access request."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from tests import factories
from tests.fixtures.workers import kill, worker
from tests.jobs.waiting import locked, wait_for, waits_for_a_lock
from tests.tokens.evidence.asking import asked
from tests.tokens.rules.conftest import a_rule
from tokens.evidence import gathering, tasks
from tokens.models import AccessRequest, Decision, RuleUse, Signal

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


def test_what_a_killed_worker_left_is_gathered_by_the_sweep_and_once() -> None:
    factories.catalogue()
    request = asked()
    # The lock first: sending it had its signals gathered, whenever that is queued.
    with locked("tokens_signal"), worker("--pool", "threads") as first:
        tasks.gather.delay(request.pk)
        wait_for(waits_for_a_lock)
        kill(first)
    wait_for(lambda: not waits_for_a_lock())
    request.refresh_from_db()
    assert request.signals_at is None
    assert not Signal.objects.exists()
    AccessRequest.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    _forget_what_was_queued()
    with worker("--pool", "solo"):
        tasks.gather_due.delay()
        wait_for(lambda: AccessRequest.objects.exclude(signals_at=None).exists())
    assert sorted(Signal.objects.values_list("kind", flat=True)) == sorted(gathering.SIGNALS)
    assert gathering.due() == []


def test_two_that_gather_of_one_request_leave_each_signal_once_and_use_a_rule_once() -> None:
    factories.catalogue()
    request = asked()
    a_rule(by=factories.administrator())
    with worker("--pool", "threads"):
        with locked("tokens_signal"):
            for _ in range(2):
                tasks.gather.delay(request.pk)
            wait_for(waits_for_a_lock)
        wait_for(lambda: AccessRequest.objects.get().state == "approved")
    assert sorted(Signal.objects.values_list("kind", flat=True)) == sorted(gathering.SIGNALS)
    assert (RuleUse.objects.count(), Decision.objects.count()) == (1, 1)


def _forget_what_was_queued() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    client.close()
