"""How the desk stands is told to Prometheus, and does not keep the rest of the figures from being told."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from prometheus_client.core import Metric

from accounts import clock
from tests.tokens.figures.lived import past
from tests.tokens.review.conftest import ask
from tokens.gateway import review_standing
from tokens.gateway.standing import Standing
from tokens.models import Decision, Outcome, Signal, SignalKind, SignalState


def told(found: list[Metric]) -> dict[tuple[str, str], float]:
    return {(s.name, next(iter(s.labels.values()))): s.value for metric in found for s in metric.samples}


def test_what_waits_and_what_was_decided_is_told(desk: SimpleNamespace) -> None:
    now = clock.now()
    with past() as then:
        late = then.sent(now - timedelta(hours=60))
        then.sent(now - timedelta(hours=2))
    Signal.objects.create(access_request=late, kind=SignalKind.SITE, state=SignalState.UNKNOWN, at=now)
    made = {"access_request": late, "version": 1, "by": desk.mika, "outcome": Outcome.REJECTED}
    Decision.objects.create(**made)
    Decision.objects.create(**made, undone_at=now, undone_by=desk.mika)
    found = told(Standing(review_standing.read).collect())
    assert found["trellis_review_waiting", "tier:flower"] == 2
    assert found["trellis_review_over_target", "tier:flower"] == 1
    assert 60 * 3600 <= found["trellis_review_oldest_seconds", "tier:flower"] < 61 * 3600
    assert found["trellis_review_decisions_total", "rejected"] == 2
    assert found["trellis_review_undone_total", "rejected"] == 1
    assert found["trellis_review_reopened_total", "rejected"] == 0
    assert found["trellis_review_signals_unknown", "site"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_table_that_cannot_be_read_keeps_nothing_else_from_being_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tokens_decision RENAME TO hidden")
    try:
        assert Standing(review_standing.read).collect() == []
        names = {metric.name for metric in Standing().collect()}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE hidden RENAME TO tokens_decision")
    assert {"trellis_up", "trellis_open_alarms"} <= names


def test_it_is_read_seldom(desk: SimpleNamespace) -> None:
    standing = Standing(review_standing.read, kept=30)
    before = told(standing.collect())
    ask()
    assert told(standing.collect()) == before
    assert told(Standing(review_standing.read).collect()) != before
