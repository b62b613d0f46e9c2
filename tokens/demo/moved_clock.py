"""PostgreSQL's clock, moved for one transaction: the demo's weeks are lived through, not written in afterwards.

Its functions `now()` and `statement_timestamp()` are shadowed by two of a schema that exists in this transaction
alone. So defaults, rules, cool-downs and the audit's trigger all see the same past, and every chain is whole.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from django.db import connection

_SCHEMA: Final = "trellis_demo_clock"
_FUNCTION: Final = """
    CREATE FUNCTION trellis_demo_clock.{name}() RETURNS timestamptz STABLE LANGUAGE sql
    AS $$ SELECT current_setting('trellis.demo_now')::timestamptz $$
"""


@contextmanager
def moved_clock() -> Iterator[Callable[[datetime], None]]:
    """Gives what sets the clock. Belongs in a transaction, which alone sees it, whatever becomes of it.

    Needs the right to create a schema in the database. Raises django.db.ProgrammingError without it."""
    features = connection.features
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        path = cursor.fetchone()[0]
        cursor.execute(f"CREATE SCHEMA {_SCHEMA}")
        for name in ("now", "statement_timestamp"):
            cursor.execute(_FUNCTION.format(name=name))
        _set("search_path", f"{_SCHEMA}, pg_catalog, {path}")
        try:
            # A column's own default is bound to the true clock; written out in the statement, it is looked up.
            features.supports_default_keyword_in_insert = False
            yield lambda moment: _set("trellis.demo_now", moment.isoformat())
        finally:
            del features.supports_default_keyword_in_insert
        _set("search_path", path)
        cursor.execute(f"DROP SCHEMA {_SCHEMA} CASCADE")


def _set(name: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
