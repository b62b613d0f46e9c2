"""The partitions of usage: one a month, made ahead by a periodic task, and by the fold where one is missing still."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction

from accounts import clock

AHEAD: Final = 2  # months

# A partition's foreign keys lock the tables that they point to, for a moment. While that has to wait, whoever mints
# waits behind it: so it gives up soon, and is tried again. Not sooner than PostgreSQL sends its own vacuum out of the
# way, which it does for those who have waited for a second (deadlock_timeout).
_PATIENCE: Final = "SET LOCAL lock_timeout = '3s'"
_NO_MORE: Final = "SET LOCAL lock_timeout = DEFAULT"
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('tokens_usage partitions', 0))"
_MAKE: Final = """
CREATE TABLE IF NOT EXISTS {name} PARTITION OF tokens_usage FOR VALUES FROM ('{first}') TO ('{next}')
  WITH (fillfactor = 80)
"""


def make_ahead() -> list[str]:
    """Those of this month and of the next ones; the names of those that were missing."""
    today = clock.now().date()
    return make(today + relativedelta(months=months) for months in range(AHEAD + 1))


def make(days: Iterable[date]) -> list[str]:
    """Those in which the days lie. Outside any transaction, where it can be. Raises OperationalError where others hold
    the tables."""
    months = sorted({day.replace(day=1) for day in days})
    return [_name(month) for month in months if not _exists(month) and _made(month)]


def _name(month: date) -> str:
    return f"tokens_usage_{month:y%Ym%m}"


def _exists(month: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [_name(month)])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _made(month: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
        cursor.execute(_ALONE)
        cursor.execute(_MAKE.format(name=_name(month), first=month, next=month + relativedelta(months=1)))
        cursor.execute(_NO_MORE)
    return True
