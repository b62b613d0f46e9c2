"""A revocation is effective at gateways when its page says so: Redis was told, or the page says that it was not yet."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts import announcing
from accounts.errands import Errands
from tests import factories
from tests.fixtures.signing_in import browser
from tests.jobs.silent import blackhole
from tests.tokens.pages.conftest import make_world
from tiers import tasks
from tiers.models import Grant
from tokens.actions.applications import suspend_application
from tokens.models import TokenSecret

pytestmark = pytest.mark.django_db(transaction=True)
BEHIND, EFFECTIVE = "Not yet effective at gateways", "ffective at gateways."

Act = Callable[[SimpleNamespace], str]


@pytest.fixture
def world(transactional_db: None) -> SimpleNamespace:
    return make_world()


@pytest.fixture(autouse=True)
def _fresh_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "_errands", Errands("announcing", redis.RedisError, OSError))


def _at(world: SimpleNamespace, what: str) -> str:
    return reverse(f"tokens:{what}", args=[world.token.public_id])


def revoke(world: SimpleNamespace) -> str:
    return _sent(world.client, _at(world, "revoke"), {"reason": "Old"})


def restrict(world: SimpleNamespace) -> str:
    return _sent(world.client, _at(world, "edit"), {"name": "nightly", "models": "gpt-4o-mini"})


def rotate(world: SimpleNamespace) -> str:
    seen = TokenSecret.objects.get(token=world.token, ends_at=None).last4
    return _sent(world.client, _at(world, "rotate"), {"overlap": "0", "seen": seen})


def edit(world: SimpleNamespace) -> str:
    values = {"name": "Lantern", "category": world.application.category, "secret_in_query": "on"}
    return _sent(world.client, reverse("applications:edit", args=[world.application.public_id]), values)


def suspend_grant(world: SimpleNamespace) -> str:
    grant = Grant.objects.get(workspace=world.application.workspace)
    values = {"act": "suspend", "reason": "A dispute"}
    return _sent(browser(factories.administrator()), reverse("holdings:detail", args=[grant.public_id]), values)


def lower(world: SimpleNamespace) -> str:
    path = reverse("holdings:application_limits", args=[world.application.public_id])
    return _sent(
        browser(factories.administrator()), path, {"act": "set", "requests_per_minute": 1, "reason": "Too loud"}
    )


def _sent(client: object, path: str, values: dict[str, object]) -> str:
    answer = client.post(path, values, follow=True)  # type: ignore[attr-defined]
    page: str = answer.content.decode()
    assert answer.status_code == 200, page
    return page


ACTS = [revoke, restrict, rotate, edit, suspend_grant, lower]


@pytest.mark.parametrize("act", ACTS)
def test_a_change_that_redis_could_not_be_told_of_is_not_called_effective(
    act: Act, world: SimpleNamespace, settings: Settings
) -> None:
    announcing.sweep()
    with blackhole() as settings.PASS_STORE_URL:
        page = act(world)
    assert BEHIND in page
    assert EFFECTIVE not in page.replace(BEHIND, "")


@pytest.mark.parametrize("act", ACTS)
def test_a_change_that_redis_was_told_of_is_called_effective(
    act: Act, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Told before the page is made, however busy the machine.
    monkeypatch.setattr("accounts.announcing.announce", lambda _workspace: announcing.sweep())
    announcing.sweep()
    page = act(world)
    assert EFFECTIVE in page
    assert BEHIND not in page


def test_the_page_goes_on_saying_so_until_the_sweep_has_told_it(world: SimpleNamespace, settings: Settings) -> None:
    there = settings.PASS_STORE_URL
    with blackhole() as settings.PASS_STORE_URL:
        revoke(world)
        pages = [_at(world, "detail"), reverse("applications:detail", args=[world.application.public_id])]
        assert all(BEHIND in world.client.get(path).content.decode() for path in pages)
        with pytest.raises(redis.RedisError):
            tasks.announce_waiting()
        assert BEHIND in world.client.get(pages[0]).content.decode()
    settings.PASS_STORE_URL = there
    announcing.sweep()
    for path in pages:
        page = world.client.get(path).content.decode()
        assert 'id="effect"' not in page
        assert "every 2s" not in page
    polled = world.client.get(pages[0], headers={"HX-Request": "true", "HX-Target": "effect"}).content.decode()
    assert EFFECTIVE in polled
    assert "every 2s" not in polled


def test_an_application_that_was_suspended_says_so_on_its_page(world: SimpleNamespace, settings: Settings) -> None:
    announcing.sweep()
    with blackhole() as settings.PASS_STORE_URL:
        suspend_application(application=world.application, reason="Abuse", by=factories.administrator())
        page = world.client.get(reverse("applications:detail", args=[world.application.public_id])).content.decode()
    assert BEHIND in page


def test_saying_it_takes_no_query_of_a_page(world: SimpleNamespace) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            world.client.get(_at(world, "detail"))
        return len(captured)

    announcing.sweep()
    count()
    told = count()
    workspace = world.application.workspace
    type(workspace).objects.filter(pk=workspace.pk).update(announced_version=0)
    assert count() == told
