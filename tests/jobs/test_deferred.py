"""Handing work to the broker costs a request 50 ms at most, and what was not handed over is found by a sweep."""

import time
from statistics import median

import pytest
from django.db import transaction

from accounts import deferred
from accounts.actions.invitations import invite_member
from accounts.models import Invitation
from accounts.tasks import mail_invitation, mail_waiting_invitations
from config.celery import app
from tests import factories
from tests.jobs.silent import AWAY
from tests.jobs.test_announcing import BOUND

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred, "_broker", deferred._Broker())


def queued(name: str = "rest") -> int:
    with app.connection_for_read() as connection:
        return connection.default_channel.client.llen(name)


def wait_until_queued(seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not queued() and time.monotonic() < deadline:
        time.sleep(0.02)
    return queued() == 1


@pytest.mark.parametrize("away", AWAY)
def test_a_broker_that_is_away_costs_little_and_the_sweep_mails_it_later(away, monkeypatch) -> None:
    ada = factories.person("Ada")
    with away() as url:
        monkeypatch.setattr(app.conf, "broker_write_url", url)
        spent = []
        for number in range(5):
            email = f"new{number}@example.com"
            with transaction.atomic():
                invite_member(workspace=ada.personal_workspace, email=email, role="member", by=ada)
                begun = time.monotonic()
            spent.append(time.monotonic() - begun)
    assert median(spent) < BOUND
    assert Invitation.objects.filter(mailed_at=None).count() == 5
    assert queued() == 0
    monkeypatch.undo()
    assert mail_waiting_invitations() == 5
    assert queued() == 5


def test_nothing_is_queued_by_what_is_rolled_back_and_once_by_what_is_committed() -> None:
    with transaction.atomic():
        deferred.after_commit(mail_invitation, 1)
        transaction.set_rollback(True)
    with transaction.atomic():
        deferred.after_commit(mail_invitation, 2)
        assert queued() == 0
    assert wait_until_queued()


def test_publishing_works_again_once_the_broker_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
        deferred.publish(mail_invitation, 1)
    deadline = time.monotonic() + 20
    while not queued() and time.monotonic() < deadline:
        deferred.publish(mail_invitation, 1)
        time.sleep(0.1)
    assert queued()
