"""What few of many that wait have is found without a look at all of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import PlatformRole
from tests import factories
from tokens.models import AccessRequest, ReviewGroup, Signal
from tokens.selectors.review_filters import NEW_FOR, Filters, narrowed, order
from tokens.selectors.review_live import arrived
from tokens.selectors.review_search import FEW

from .conftest import ask

MANY = 4000
FILL = """
    INSERT INTO tokens_accessrequest (public_id, workspace_id, application_id, applicant_id, tier_id, state, version,
        purpose, users, links, submitted_at, due_at, decision_reason, language, repositories, wording)
    SELECT 'many' || lpad(n::text, 8, '0'), workspace_id, 1000000 + n, applicant_id, tier_id, 'submitted', 1,
        'Another', '', '', now() - n * interval '1 min', now() - n * interval '1 min', '', 'en', '{}', '{}'
    FROM tokens_accessrequest, generate_series(1, %s) AS n WHERE id = %s;
    INSERT INTO tokens_signal (access_request_id, kind, state, facts, at)
    SELECT id, CASE WHEN id %% 2 = 0 THEN 'domain' ELSE 'mail' END, CASE WHEN id %% 2 = 0 THEN 'ok' ELSE 'warn' END,
        '{}', now() FROM tokens_accessrequest
"""


@pytest.fixture
def many(desk: SimpleNamespace) -> SimpleNamespace:
    desk.petra = factories.person("Petra", PlatformRole.MAINTAINER)
    desk.group = ReviewGroup.objects.create(name="Schools")
    sample, desk.now = ask(), timezone.now()
    with unchecked(), connection.cursor() as cursor:
        cursor.execute(FILL, [MANY, sample.pk])
        cursor.execute("ANALYZE tokens_accessrequest, tokens_signal")
    return desk


@contextmanager
def unchecked() -> Iterator[None]:
    """Within it no trigger looks whether the applications of so many are there."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def looked_at(desk: SimpleNamespace, **values: str) -> int:
    """How many rows PostgreSQL looked at in vain for a page."""
    filters = Filters(**values)
    found = narrowed(filters, desk.maintainer, desk.now).order_by(*order(filters))
    plan = found[:31].explain(analyze=True)
    return sum(int(number) for number in re.findall(r"Rows Removed by .*?: (\d+)", plan))


def test_filters_that_hardly_anything_passes(many: SimpleNamespace) -> None:
    chosen = {
        "language": "zh-hans",
        "tier": "nectar",
        "group": many.group.public_id,
        "who": many.petra.public_id,
        "signal": "domain",
    }
    assert {name: looked_at(many, **{name: value}) for name, value in chosen.items()} == dict.fromkeys(chosen, 0)


def test_what_is_new_and_what_was_brought_to_others_although_all_of_it_is_due_last(many: SimpleNamespace) -> None:
    """Of those that the fixture makes, the newest are due last."""
    late = AccessRequest.objects.filter(public_id__in=["many00000001", "many00000002"])
    with unchecked(), connection.cursor() as cursor:
        late.update(escalated_at=many.now)
        cursor.execute("ANALYZE tokens_accessrequest")
    assert looked_at(many, age="escalated") == 0
    assert set(narrowed(Filters(age="escalated"), many.maintainer, many.now)) == set(late)
    # Which way PostgreSQL goes among so few rows depends on how they are packed; what lets it begin late does not.
    assert '"due_at" >= (SELECT MIN(' in str(narrowed(Filters(age="new"), many.maintainer, many.now).query)
    new = AccessRequest.objects.filter(submitted_at__gt=many.now - NEW_FOR)
    assert 0 < new.count() < MANY
    assert set(narrowed(Filters(age="new"), many.maintainer, many.now)) == set(new)
    with unchecked():
        new.filter(pk__gt=late[0].pk).update(due_at=many.now - timedelta(days=30))
    assert set(narrowed(Filters(age="new"), many.maintainer, many.now)) == set(new)


def test_what_is_found_by_them_is_all_of_it(many: SimpleNamespace) -> None:
    rare = AccessRequest.objects.filter(public_id__in=["many00000007", "many00003000"]).order_by("id")
    with unchecked():
        rare.update(language="zh-hans", group=many.group, assigned_to=many.petra)
    Signal.objects.create(access_request=rare[0], kind="site", state="bad", at=many.now)
    for name, value in (("language", "zh-hans"), ("group", many.group.public_id), ("who", many.petra.public_id)):
        assert set(narrowed(Filters(**{name: value}), many.maintainer, many.now)) == set(rare)
    assert narrowed(Filters(signal="site"), many.maintainer, many.now).get() == rare[0]
    warned = Signal.objects.filter(kind="mail").count()
    assert warned > FEW
    assert narrowed(Filters(signal="mail"), many.maintainer, many.now).count() == warned


def test_what_came_in_since_is_counted_by_an_index(many: SimpleNamespace) -> None:
    assert arrived(Filters(), many.maintainer, many.now, many.now) == 0
    since = AccessRequest.objects.filter(state="submitted", submitted_at__gt=many.now)
    assert "request_by_arrival" in since.explain()
