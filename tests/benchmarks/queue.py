"""The review queue beside the changelist of Django's admin, on the same rows, in the same process, in turn."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.test import Client, override_settings

from accounts.ids import new_public_id
from accounts.models import PlatformRole
from config import settings as served
from tests import factories
from tests.benchmarks.figures import Figure
from tests.benchmarks.place import place
from tests.benchmarks.scale import Scale
from tokens.demo import synthetic
from tokens.models import AccessRequest, RequestState

TOKENS_AN_APPLICATION = 10
ADMIN_PAGE = 100  # rows: the admin's own default
PLAIN_FILES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def measure(scale: Scale) -> Iterator[Figure]:
    with place():
        _fill(scale.many)
        yield from compare(scale.rounds * 4)


def _fill(tokens: int) -> None:
    """One access request to an application, of all ages and in all states."""
    before = synthetic.TOKENS_A_WORKSPACE
    synthetic.TOKENS_A_WORKSPACE = TOKENS_AN_APPLICATION * synthetic.APPLICATIONS_A_WORKSPACE
    try:
        for _ in synthetic.write(tokens):
            pass
    finally:
        synthetic.TOKENS_A_WORKSPACE = before
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def compare(rounds: int) -> Iterator[Figure]:
    """What each page takes of the admin's time and of ours, by the median of so many rounds."""
    with beside_the_admin():
        desk = _signed_in(factories.person(f"Mika-{new_public_id()}", PlatformRole.MAINTAINER))
        ratios = []
        for name, (ours, theirs) in pages().items():
            took = _in_turn({"ours": lambda: _get(desk, ours), "theirs": lambda: _get(desk, theirs)}, rounds)  # noqa: B023
            ratios.append(took["theirs"] / took["ours"])
            times = f"{took['theirs'] * 1000:.1f} ms over {took['ours'] * 1000:.1f} ms"
            about = f"{name}: the changelist of Django's admin over the queue, {times}"
            yield Figure(f"queue_ratio_vs_django_admin_{name}", round(ratios[-1], 2), about)
        yield Figure("queue_ratio_vs_django_admin", round(min(ratios), 2), "the least of them")
        yield _beside(desk, rounds)


def _beside(desk: Client, rounds: int) -> Figure:
    """What the page fetches after its list, which none of the others has."""
    first = _pending().order_by("due_at", "id")[0]
    path, headers = f"/review/{first.public_id}/?beside=1", {"HX-Request": "true", "HX-Target": "detail"}
    took = _in_turn({"beside": lambda: _get(desk, path, headers)}, rounds)["beside"]
    return Figure("queue_beside_ms", round(took * 1000, 1), "the first access request, fetched after the list")


def pages() -> dict[str, tuple[str, str]]:
    """The same question to both: its page here, and there."""
    pending = _pending()
    middle = pending.count() // 2
    cursor = pending.order_by("due_at", "id")[middle]
    tier = cursor.tier
    assert tier is not None
    return {
        "first_page": ("/review/", "/admin/tokens/accessrequest/"),
        "deep_page": (
            f"/review/?after={cursor.public_id}",
            f"/admin/tokens/accessrequest/?p={middle // ADMIN_PAGE + 1}",
        ),
        "filter": (f"/review/?tier={tier.slug}", f"/admin/tokens/accessrequest/?tier__id__exact={tier.pk}"),
        "search": ("/review/?find=reader 77", "/admin/tokens/accessrequest/?q=reader 77"),
    }


def _pending() -> QuerySet[AccessRequest]:
    return AccessRequest.objects.filter(state__in=[RequestState.SUBMITTED, RequestState.IN_REVIEW], snoozed_at=None)


@contextmanager
def beside_the_admin() -> Iterator[None]:
    """This site as it serves, and not as it is tested, with the admin mounted on it, which nothing else has."""
    apps = [*settings.INSTALLED_APPS, "django.contrib.admin"]
    with override_settings(
        INSTALLED_APPS=apps,
        ROOT_URLCONF="tests.benchmarks.admin",
        STORAGES={**settings.STORAGES, **PLAIN_FILES},
        ALLOWED_HOSTS=["*"],
        CATALOGUE_KEPT=served.CATALOGUE_KEPT,
        SESSIONS_SEEN_EVERY=served.SESSIONS_SEEN_EVERY,
    ):
        yield


def _signed_in(person: object) -> Client:
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])  # type: ignore[arg-type]
    return client


def _get(client: Client, path: str, headers: dict[str, str] | None = None) -> None:
    response = client.get(path, headers=headers)
    if response.status_code != 200 or (b"row" not in response.content and b'id="detail"' not in response.content):
        raise RuntimeError(f"{path} answered {response.status_code}")


def _in_turn(calls: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Seconds, by the median; the first of each is not counted."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            began = perf_counter()
            call()
            if turn:
                took[name].append(perf_counter() - began)
    return {name: statistics.median(times) for name, times in took.items()}
