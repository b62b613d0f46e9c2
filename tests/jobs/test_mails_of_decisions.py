"""A worker that is killed before the mail of a decision leaves it owed, and the next one sends it, once."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.db.models import F

from tests.fixtures.workers import kill, worker
from tests.jobs.waiting import wait_for, waits_for_a_lock
from tests.tokens.requests.conftest import (  # noqa: F401
    application,
    ladder,
    people,
    submitted,
)
from tokens import tasks
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest, Decision
from tokens.review_terms import UNDO_FOR

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


def test_a_worker_that_is_killed_leaves_the_mail_to_the_next(
    submitted: AccessRequest,  # noqa: F811
    people: SimpleNamespace,  # noqa: F811
) -> None:
    approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    Decision.objects.update(mail_at=F("mail_at") - UNDO_FOR - timedelta(seconds=1))
    locker = connection.copy()
    with worker("--pool", "solo") as first:
        locker.set_autocommit(False)
        with locker.cursor() as cursor:
            cursor.execute("SELECT 1 FROM accounts_workspace WHERE id = %s FOR UPDATE", [submitted.workspace_id])
        tasks.mail_decisions.delay()
        wait_for(waits_for_a_lock)
        kill(first)
    locker.rollback()
    locker.close()
    wait_for(lambda: not waits_for_a_lock())
    decision = Decision.objects.get()
    assert decision.mailed_at is None
    with worker("--pool", "solo"):
        wait_for(lambda: tasks.mail_decisions.delay() and Decision.objects.filter(mailed_at__isnull=False).exists())
        mailed_at = Decision.objects.get().mailed_at
        later = tasks.mail_decisions.delay()
        assert later is not None
    assert Decision.objects.get().mailed_at == mailed_at
