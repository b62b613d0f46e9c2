"""Rules by a real worker: killed in the middle of one, and done by the next."""

import pytest
import redis
from django.conf import settings

from tests.fixtures.workers import kill, worker
from tests.jobs.waiting import locked, wait_for, waits_for_a_lock
from tests.tokens.rules.conftest import a_rule, make_desk, waiting
from tiers.models import Grant, GrantSource
from tokens.models import AccessRequest, Decision, RuleUse
from tokens.rules.tasks import apply_to_waiting

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]
HOLD = {"before the grant": "tiers_grant", "before the decision": "tokens_decision", "before the use": "tokens_ruleuse"}


@pytest.mark.parametrize("table", HOLD.values(), ids=HOLD)
def test_a_worker_that_is_killed_leaves_nothing_half_done(table: str) -> None:
    desk = make_desk()
    a_rule(by=desk.ada)
    asked = waiting()
    _forget_what_was_queued()
    with worker("--pool", "solo") as first, locked(table):
        apply_to_waiting.delay()
        wait_for(waits_for_a_lock)
        kill(first)
    wait_for(lambda: not waits_for_a_lock())
    assert AccessRequest.objects.get().state == "submitted"
    assert (RuleUse.objects.count(), Decision.objects.count()) == (0, 0)
    with worker("--pool", "solo"):
        wait_for(lambda: apply_to_waiting.delay() and AccessRequest.objects.get().state == "approved")
    assert (RuleUse.objects.count(), Decision.objects.count()) == (1, 1)
    assert Grant.objects.filter(source=GrantSource.REQUEST, source_id=asked.public_id, revoked_at=None).count() == 1


def _forget_what_was_queued() -> None:
    """Sending it had its signals gathered, which would be others than those of this test."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    client.close()
