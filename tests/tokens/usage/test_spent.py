"""What was spent, read in the statement that reads a pass."""

from datetime import date
from typing import Any

import pytest
from django.db import connection

from tests import factories
from tests.factories import shop
from tiers.models import Grant
from tokens.gateway import spent
from tokens.models import AllowanceSpent, PackSpent, Token

pytestmark = pytest.mark.django_db

STATEMENT = f"""
SELECT {spent.SPENT_SQL}
  FROM (SELECT timestamptz '2026-11-30 23:30:00-05' AS now) clock
  JOIN tokens_token t ON t.public_id = %s
  JOIN tokens_application a ON a.id = t.application_id
  JOIN accounts_workspace w ON w.id = a.workspace_id
"""  # noqa: S608


def read(token: Token) -> spent.Spent:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [token.public_id])
        columns = [column.name for column in cursor.description or ()]
        return spent.of(dict(zip(columns, cursor.fetchone(), strict=True)))


def row(token: Token, scope: str, period: str, starts_on: date, units: int, packs: int = 0) -> None:
    subjects: dict[str, Any] = {
        "token": token.public_id,
        "application": token.application.public_id,
        "workspace": token.workspace.public_id,
    }
    AllowanceSpent.objects.create(
        subject=subjects[scope],
        scope=scope,
        period=period,
        starts_on=starts_on,
        workspace=token.workspace,
        units=units,
        pack_units=packs,
    )


def test_a_token_that_spent_nothing_has_nothing() -> None:
    factories.catalogue()
    assert read(factories.token().token) == spent.Spent()


def test_what_counts_is_the_utc_day_and_month_of_the_clock() -> None:
    factories.catalogue()
    mine, others = factories.token().token, factories.token().token
    first = date(2026, 12, 1)
    row(mine, "token", "day", first, 1000)
    row(mine, "application", "day", first, 2000, 500)
    row(mine, "workspace", "month", first, 3000, 700)
    row(mine, "token", "day", date(2026, 11, 30), 9000)
    row(mine, "token", "month", date(2026, 11, 1), 9000)
    row(others, "workspace", "day", first, 9000)
    assert read(mine) == spent.Spent(
        day={"token": 1000, "application": 2000},
        month={"workspace": 3000},
        day_of_packs={"token": 0, "application": 500},
        month_of_packs={"workspace": 700},
    )


def test_packs_are_known_by_their_grants() -> None:
    factories.catalogue()
    token = factories.token().token
    shop.tell("order.paid", shop.offer("pack", calls=1000, interval=""), token.workspace)
    grant = Grant.objects.get(workspace=token.workspace, calls=1000)
    PackSpent.objects.create(grant=grant, units=12_500)
    assert read(token).packs == {grant.public_id: 12_500}
