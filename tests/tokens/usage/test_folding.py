"""Counts that wait in Redis come to the tables of usage: each once, and to whom they belong."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import redis
from django.db import connection

from accounts.clock import now
from tests import factories
from tests.factories import shop
from tokens.actions.gateways import add_gateway
from tokens.gateway import folding, partitions
from tokens.gateway.folding import Batch
from tokens.gateway.usage import BATCHES, DAY, Tally
from tokens.models import AllowanceSpent, PackSpent, Token, Usage, UsageCounter
from tokens.restrictions import Restrictions

pytestmark = pytest.mark.django_db


@pytest.fixture
def token() -> Token:
    factories.catalogue()
    return factories.token().token


def call(tally: Tally, token: str, **values: Any) -> None:
    given = {"model": "gpt-4o-mini", "operation": "chat_completion", "code": "ok", "units": 1000}
    tally.note(token=token, **{"at": now().timestamp(), **given, **values})


def folded(tally: Tally) -> int:
    assert tally.flush()
    return folding.fold()


def test_calls_are_added_up_by_day_model_operation_and_code(token: Token, server: "redis.Redis[bytes]") -> None:
    tally, today = Tally(), now().date()
    yesterday = (now() - timedelta(days=1)).timestamp()
    for _turn in range(2):
        call(tally, token.public_id)
        call(tally, token.public_id, code="rate_limited", units=0)
        call(tally, token.public_id, at=yesterday, model="gpt-4o", units=2500)
        assert folded(tally) == 1
    rows = Usage.objects.values_list("day", "model", "operation", "code", "calls", "units").order_by("day", "code")
    assert list(rows) == [
        (today - timedelta(days=1), "gpt-4o", "chat_completion", "ok", 2, 5000),
        (today, "gpt-4o-mini", "chat_completion", "ok", 2, 2000),
        (today, "gpt-4o-mini", "chat_completion", "rate_limited", 2, 0),
    ]
    assert set(Usage.objects.values_list("token_id", "application_id", "workspace_id")) == {
        (token.pk, token.application_id, token.workspace_id)
    }
    assert not server.exists(BATCHES)
    assert UsageCounter.objects.get().folded == 2


def test_what_was_spent_is_kept_for_the_token_its_application_and_its_workspace(token: Token) -> None:
    other = factories.token(token.application).token
    tally = Tally()
    call(tally, token.public_id, units=1000)
    call(tally, other.public_id, units=500)
    call(tally, other.public_id, code="allowance_used_up", units=0)
    folded(tally)
    today = now().date()
    spent = {
        (row.scope, row.subject, row.period, row.starts_on): row.units
        for row in AllowanceSpent.objects.filter(workspace=token.workspace)
    }
    assert spent == {
        (scope, subject, period, day): units
        for scope, subject, units in [
            ("token", token.public_id, 1000),
            ("token", other.public_id, 500),
            ("application", token.application.public_id, 1500),
            ("workspace", token.workspace.public_id, 1500),
        ]
        for period, day in [("day", today), ("month", today.replace(day=1))]
    }


def test_what_a_pack_paid_is_kept_with_the_pack_of_that_workspace_alone(token: Token) -> None:
    other = factories.token().token
    shop.tell("order.paid", shop.offer("pack", calls=1000, interval=""), token.workspace)
    pack = token.workspace.grants.get(calls=1000)
    tally = Tally()
    call(tally, token.public_id, units=3000, pack=pack.public_id, pack_units=2000)
    call(tally, token.public_id, units=1000, pack=pack.public_id, pack_units=1000)
    call(tally, token.public_id, units=0, calls=0, pack=pack.public_id, pack_units=500)
    call(tally, other.public_id, units=1000, pack=pack.public_id, pack_units=1000)
    folded(tally)
    assert [(spent.grant_id, spent.units) for spent in PackSpent.objects.all()] == [(pack.pk, 3500)]
    spent = AllowanceSpent.objects.get(subject=token.public_id, period="day")
    assert (spent.units, spent.pack_units) == (4000, 3500)


def test_a_correction_changes_units_and_counts_no_call(token: Token) -> None:
    tally = Tally()
    call(tally, token.public_id, units=5000)
    call(tally, token.public_id, units=-2000, calls=0)
    folded(tally)
    assert Usage.objects.values_list("calls", "units").get() == (1, 3000)
    assert AllowanceSpent.objects.get(scope="workspace", period="day").units == 3000


def test_a_token_that_is_not_ours_is_not_counted_and_no_token_is_nobodys(token: Token) -> None:
    tally = Tally()
    call(tally, "0000000000zz")
    call(tally, "", code="token_missing", units=0)
    call(tally, "", units=1000)
    folded(tally)
    assert set(Usage.objects.values_list("token", "workspace", "code", "calls")) == {
        (None, None, "ok", 1),
        (None, None, "token_missing", 1),
    }
    assert not AllowanceSpent.objects.exists()


def test_last_uses_are_noted_and_a_secret_that_came_in_a_query(token: Token) -> None:
    gateway = add_gateway(name="edge", kind="custom", by=factories.administrator()).gateway
    publishable = factories.token(
        token.application, kind="publishable", restrictions=Restrictions(origins=("app.example.com",))
    ).token
    tally, at = Tally(), now() - timedelta(hours=1)
    call(tally, token.public_id, at=at.timestamp())
    call(tally, publishable.public_id, at=at.timestamp(), in_query=True)
    tally.note_gateway(gateway.public_id, at.timestamp())
    folded(tally)
    for used in (token, publishable, gateway):
        used.refresh_from_db()
        assert used.last_used_at == at
    assert token.seen_in_query_at is None
    assert publishable.seen_in_query_at is None
    call(tally, token.public_id, at=(at + timedelta(seconds=9)).timestamp(), in_query=True, code="token_malformed")
    call(tally, token.public_id, at=(at - timedelta(hours=9)).timestamp())
    folded(tally)
    token.refresh_from_db()
    assert token.last_used_at == token.seen_in_query_at == at + timedelta(seconds=9)


def test_a_clock_that_is_wrong_counts_near_today(token: Token) -> None:
    tally, today = Tally(), now().date()
    call(tally, token.public_id, at=now().timestamp() + 4000 * DAY)
    call(tally, token.public_id, at=60.0)
    folded(tally)
    assert set(Usage.objects.values_list("day", flat=True)) == {today, today - timedelta(days=35)}
    assert all(last_at <= now() for last_at in Usage.objects.values_list("last_at", flat=True))


def test_a_batch_that_is_no_batch_keeps_nobody_waiting(token: Token, server: "redis.Redis[bytes]") -> None:
    tally = Tally()
    server.hset(BATCHES, "0123456789abcdef:1", b"\xff not json")
    call(tally, token.public_id)
    assert folded(tally) == 2
    assert Usage.objects.get().calls == 1


def test_no_version_rises_by_counting(token: Token) -> None:
    token.workspace.refresh_from_db()
    before = token.workspace.rights_version
    tally = Tally()
    call(tally, token.public_id, in_query=True)
    folded(tally)
    token.workspace.refresh_from_db()
    assert token.workspace.rights_version == before


def test_partitions_are_made_ahead_and_where_one_is_missing(token: Token) -> None:
    today = now().date()
    partitions.make_ahead()
    assert partitions.make_ahead() == []
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE tokens_usage_{today:y%Ym%m}")
    row = [token.public_id, "gpt-4o-mini", "chat_completion", "ok", "", False, (today - date(1970, 1, 1)).days]
    folding.add([Batch("process", 1, [[*row, 1, 1000, 0, now().timestamp()]], {})])
    assert Usage.objects.get().day == today
    assert partitions.make_ahead() == []


def test_what_ended_long_ago_is_forgotten(token: Token) -> None:
    tally = Tally()
    call(tally, token.public_id)
    folded(tally)
    folding.forget_old()
    assert UsageCounter.objects.count() == 1
    assert AllowanceSpent.objects.count() == 6
    UsageCounter.objects.update(folded_at=now() - timedelta(days=31))
    AllowanceSpent.objects.filter(period="day").update(starts_on=datetime(2020, 1, 1, tzinfo=UTC))
    folding.forget_old()
    assert UsageCounter.objects.count() == 0
    assert set(AllowanceSpent.objects.values_list("period", flat=True)) == {"month"}
