"""Redis knows a workspace's rights version once it is committed, or the sweep tells it; no request waits for Redis."""

import time
from statistics import median

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from accounts import announcing, audit
from accounts.audit import System
from accounts.errands import WAIT, Errands
from accounts.models import Workspace
from tests import factories
from tests.jobs.silent import AWAY, blackhole

pytestmark = [pytest.mark.django_db(transaction=True)]
# Seconds: what a request may lose, with what a loaded machine may add; still less than the clients' own timeouts.
BOUND = WAIT + 0.8


@pytest.fixture(autouse=True)
def _fresh_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """No failure of one test lets the next one rest. A line that is dropped keeps its thread, which only waits."""
    monkeypatch.setattr(announcing, "_errands", Errands("announcing", redis.RedisError, OSError))


@pytest.fixture
def workspace() -> Workspace:
    return factories.person().personal_workspace


def change(workspace: Workspace) -> Workspace:
    """What any action does: raise the version, and record it, in one transaction."""
    with transaction.atomic():
        Workspace.objects.filter(pk=workspace.pk).update(rights_version=F("rights_version") + 1)
        for action in ("test.changed", "test.changed_again"):
            audit.record(action, workspace, by=System("tests"), workspace=workspace)
    workspace.refresh_from_db()
    return workspace


def told(workspace: Workspace) -> int | None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    value = client.hget(f"{{{workspace.public_id}}}:w", "v")
    client.close()
    return None if value is None else int(value)


def test_a_commit_is_told_and_marked(workspace: Workspace) -> None:
    change(workspace)
    announcing.sweep()  # A machine that is too busy to tell it in time leaves it to the sweep.
    workspace.refresh_from_db()
    assert told(workspace) == workspace.rights_version == workspace.announced_version


def test_one_transaction_announces_a_workspace_once(workspace: Workspace) -> None:
    with transaction.atomic():
        for action in ("test.changed", "test.changed_again"):
            with transaction.atomic():
                audit.record(action, workspace, by=System("tests"), workspace=workspace)
        asked = [call for _savepoints, call, _robust in connection.run_on_commit]
        assert len(asked) == 1


def test_what_was_rolled_back_is_announced_again_by_what_stays(workspace: Workspace) -> None:
    with transaction.atomic():
        savepoint = transaction.savepoint()
        audit.record("test.changed", workspace, by=System("tests"), workspace=workspace)
        transaction.savepoint_rollback(savepoint)
        audit.record("test.changed_again", workspace, by=System("tests"), workspace=workspace)
        assert len(connection.run_on_commit) == 1


def test_an_older_version_never_overwrites_a_newer_one(workspace: Workspace) -> None:
    for version in (7, 12, 9):
        announcing.tell({workspace.public_id: version})
    assert told(workspace) == 12


def test_the_mark_only_goes_up(workspace: Workspace) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(rights_version=9, announced_version=8)
    announcing._mark({workspace.pk: (workspace.public_id, 5)})
    workspace.refresh_from_db()
    assert workspace.announced_version == 8


def test_a_change_by_any_other_way_is_found_by_the_sweep(workspace: Workspace) -> None:
    announcing.sweep()
    Workspace.objects.filter(pk=workspace.pk).update(rights_version=F("rights_version") + 3)
    assert announcing.sweep() == 1
    workspace.refresh_from_db()
    assert told(workspace) == workspace.rights_version == workspace.announced_version
    assert announcing.sweep() == 0


def test_a_workspace_that_is_locked_is_not_waited_for(workspace: Workspace) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(rights_version=5, announced_version=0)
    locker = connection.copy()
    try:
        locker.set_autocommit(False)
        with locker.cursor() as cursor:
            cursor.execute("SELECT 1 FROM accounts_workspace WHERE id = %s FOR NO KEY UPDATE", [workspace.pk])
        announcing.sweep()
        workspace.refresh_from_db()
        assert workspace.announced_version == 0
    finally:
        locker.rollback()
        locker.close()
    announcing.sweep()
    workspace.refresh_from_db()
    assert workspace.announced_version == 5


@pytest.mark.parametrize("away", AWAY)
def test_a_redis_that_is_away_costs_little_and_the_sweep_tells_it_later(away, workspace: Workspace, settings) -> None:
    there = settings.PASS_STORE_URL
    with away() as settings.PASS_STORE_URL:
        spent = []
        for _ in range(5):
            begun = time.monotonic()
            announcing.announce_versions({workspace.public_id: 1})
            spent.append(time.monotonic() - begun)
        assert median(spent) < BOUND
        change(workspace)
        assert workspace.announced_version < workspace.rights_version
    settings.PASS_STORE_URL = there
    announcing.sweep()
    workspace.refresh_from_db()
    assert told(workspace) == workspace.rights_version == workspace.announced_version


def test_long_silence_is_said_aloud(workspace: Workspace, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "SILENCE", 0)
    heard: list[int] = []

    def listener(seconds: int, **_values: object) -> None:
        heard.append(seconds)

    announcing.silence.connect(listener)
    with blackhole() as settings.PASS_STORE_URL:
        deadline = time.monotonic() + 20
        while not heard and time.monotonic() < deadline:
            announcing.announce_versions({workspace.public_id: 1})
            time.sleep(0.1)
    assert heard
