"""Usage is folded by real workers: killed in the middle of it, and several at once."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db.models import Sum

from accounts.clock import now
from tests import factories
from tests.fixtures.workers import kill, worker
from tests.jobs.waiting import locked, wait_for, waits_for_a_lock
from tokens import tasks
from tokens.gateway import partitions
from tokens.gateway.usage import BATCHES, Tally
from tokens.models import AllowanceSpent, Token, Usage

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def token() -> Token:
    factories.catalogue()
    partitions.make([now().date(), (now() - timedelta(days=1)).date()])
    return factories.token().token


def count(tally: Tally, token: Token, calls: int) -> None:
    for number in range(calls):
        at = now() - timedelta(days=number % 2)
        tally.note(token=token.public_id, model="m", operation="o", code="ok", units=1000, at=at.timestamp())
    assert tally.flush(final=True)


def counted() -> tuple[int, int]:
    calls = Usage.objects.aggregate(calls=Sum("calls"))["calls"] or 0
    spent = AllowanceSpent.objects.filter(scope="token", period="day").aggregate(units=Sum("units"))["units"] or 0
    return calls, spent


def waiting() -> int:
    client = redis.Redis.from_url(settings.REDIS_URL)
    try:
        return int(client.hlen(BATCHES))
    finally:
        client.close()


@pytest.mark.parametrize("table", ["tokens_usagecounter", "tokens_usage", "tokens_allowancespent"])
def test_a_worker_that_is_killed_while_it_folds_counts_nothing_twice(token: Token, table: str) -> None:
    tally = Tally()
    count(tally, token, 10)
    with worker("--pool", "solo") as first, locked(table):
        tasks.fold_usage.delay()
        wait_for(waits_for_a_lock)
        kill(first)
    wait_for(lambda: not waits_for_a_lock())
    assert counted() == (0, 0)
    assert waiting() == 1
    count(tally, token, 5)
    with worker("--pool", "solo"):
        wait_for(lambda: tasks.fold_usage.delay() and not waiting())
    assert counted() == (15, 15_000)


def test_several_workers_at_once_count_each_batch_once(token: Token) -> None:
    tallies = [Tally() for _ in range(3)]
    with worker("--pool", "threads"), worker("--pool", "threads"):
        for _second in range(20):
            for tally in tallies:
                count(tally, token, 10)
            for _worker in range(4):
                tasks.fold_usage.delay()
        wait_for(lambda: tasks.fold_usage.delay() and not waiting())
    assert counted() == (600, 600_000)
