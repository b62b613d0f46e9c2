"""`manage.py verify_usage`: whether what was spent is the sum of what was used."""

import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

MOST_SHOWN: Final = 50
# One statement, so one snapshot: what is folded meanwhile is in both sums or in neither.
_DISAGREE: Final = """
WITH used AS (
    SELECT scope, subject, u.day, sum(u.units) AS units, sum(u.pack_units) AS pack_units
      FROM tokens_usage u
      JOIN tokens_token t ON t.id = u.token_id
      JOIN tokens_application a ON a.id = u.application_id
      JOIN accounts_workspace w ON w.id = u.workspace_id
     CROSS JOIN LATERAL (VALUES ('token', t.public_id), ('application', a.public_id), ('workspace', w.public_id))
           AS scopes (scope, subject)
     WHERE u.day >= CURRENT_DATE - %(days)s::int AND (u.units <> 0 OR u.pack_units <> 0)
     GROUP BY 1, 2, 3
), spent AS (
    SELECT scope, subject, starts_on AS day, units, pack_units FROM tokens_allowancespent
     WHERE period = 'day' AND starts_on >= CURRENT_DATE - %(days)s::int
)
SELECT scope, subject, day, used.units, spent.units
  FROM used FULL JOIN spent USING (scope, subject, day)
 WHERE coalesce(used.units, 0) <> coalesce(spent.units, 0)
    OR coalesce(used.pack_units, 0) <> coalesce(spent.pack_units, 0)
 ORDER BY day, scope, subject LIMIT %(most)s
"""


class Command(BaseCommand):
    help = (
        "Compare what tokens, applications and workspaces spent each day with their usage. Exits with 1 if it differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=35, help="how many days back, at most 60")

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_DISAGREE, {"days": min(options["days"], 60), "most": MOST_SHOWN})
            rows = cursor.fetchall()
        for scope, subject, day, used, spent in rows:
            self.stderr.write(f"{day} {scope} {subject}: used {used or 0}, spent {spent or 0} thousandths of a call")
        if rows:
            sys.exit(1)
        self.stdout.write("What was spent is the sum of what was used.")
