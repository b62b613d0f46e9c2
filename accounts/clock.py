"""The one clock: PostgreSQL's. Web servers and workers differ by seconds, and a token must not outlive its end."""

from datetime import date, datetime
from typing import Final

from django.core.validators import MaxValueValidator
from django.db import connection

# Past it, what is reckoned from a day that somebody typed would leave the calendar.
LAST_DAY: Final = date(2999, 12, 31)
NOT_PAST_LAST_DAY: Final = MaxValueValidator(LAST_DAY)


def now() -> datetime:
    """The database's time as this statement begins, in UTC. In a transaction it moves on, so what waited for a lock
    is not judged by the time at which it began to wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row = cursor.fetchone()
    moment: datetime = row[0]
    return moment
