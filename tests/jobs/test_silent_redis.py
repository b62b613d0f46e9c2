"""A purchase while Redis takes connections and says nothing: it is granted, and Redis hears of it later."""

import pytest
import redis
from django.test import Client

from accounts import announcing, deferred
from accounts.errands import Errands
from tests import factories
from tests.jobs import shop
from tests.jobs.silent import AWAY
from tiers import tasks
from tiers.models import Alarm, AlarmKind, Grant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "_errands", Errands("announcing", redis.RedisError, OSError))
    monkeypatch.setattr(deferred, "_broker", deferred._Broker())


@pytest.mark.parametrize("away", AWAY)
def test_a_purchase_is_granted_whatever_became_of_redis(away, settings) -> None:
    shop.open_shop()
    factories.catalogue()
    workspace = factories.person().personal_workspace
    message_id, body = shop.message("order.paid", workspace, shop.product(shop.gated_model()))
    headers = shop.signed(message_id, body)
    content_type = headers.pop("Content-Type")
    there = settings.REDIS_URL
    with away() as silent:
        settings.REDIS_URL = settings.PASS_STORE_URL = silent
        answer = Client().post(shop.PATH, body, content_type=content_type, headers=headers)
    assert answer.status_code == 200
    assert Grant.objects.filter(workspace=workspace, order__isnull=False, revoked_at=None).count() == 1
    workspace.refresh_from_db()
    assert workspace.announced_version < workspace.rights_version
    settings.REDIS_URL = settings.PASS_STORE_URL = there
    tasks.announce_waiting()
    workspace.refresh_from_db()
    assert workspace.announced_version == workspace.rights_version


def test_staff_are_warned_of_a_long_silence_and_told_when_it_ends() -> None:
    for _ in range(2):
        announcing.silence.send(sender=None, seconds=130)
    alarm = Alarm.objects.get(kind=AlarmKind.NOT_ANNOUNCED)
    assert alarm.times == 2
    tasks.announce_waiting()
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None
