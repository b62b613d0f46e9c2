"""What is stored of a workspace in use is confirmed anew, many at once, and only while its version stands."""

import pytest
import redis
from django.conf import settings
from django.db.models import F

from accounts.announcing import workspace_key
from accounts.models import Workspace
from tests import factories
from tokens.gateway import renewals, store

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patient_redis")]


def known(public_id: str) -> tuple[int, int]:
    """The version, and when it was confirmed (ms)."""
    client = redis.Redis.from_url(settings.PASS_STORE_URL)
    version, at = client.hmget(workspace_key(public_id), "v", "c")
    client.close()
    return int(version or 0), int(at or 0)


def test_hundreds_are_confirmed_with_the_version_that_postgresql_has() -> None:
    names = [f"workspace{number:03}" for number in range(250)]
    store.confirm([(name, number + 1) for number, name in enumerate(names)], 1000.0)
    assert [known(name) for name in names] == [(number + 1, 1_000_000) for number in range(250)]


def test_one_in_use_is_confirmed_and_one_that_changed_only_told() -> None:
    same, changed = (factories.person().personal_workspace for _ in range(2))
    store.confirm([(same.public_id, same.rights_version), (changed.public_id, changed.rights_version)], 1.0)
    Workspace.objects.filter(pk=changed.pk).update(rights_version=F("rights_version") + 1)
    for workspace in (same, changed):
        renewals.ask_for(workspace.public_id, workspace.rights_version)
    renewals.renew()
    version, at = known(same.public_id)
    assert (version, at > 1000) == (same.rights_version, True)
    version, at = known(changed.public_id)
    assert (version, at > 1000) == (changed.rights_version + 1, True)


def test_an_older_reading_confirms_nothing() -> None:
    store.confirm([("workspace0id", 7)], 50.0)
    store.confirm([("workspace0id", 6)], 60.0)
    assert known("workspace0id") == (7, 50_000)
    store.confirm([("workspace0id", 7)], 40.0)
    assert known("workspace0id") == (7, 50_000)
