"""Taking a free try: one update of one row, so that as many as the model gives can ever be taken, by whomever at once.

A request that is asked again takes no other try for five minutes; but only so often (`ASKED_AT_MOST`), so that a
gateway which lets its callers choose request ids gives them some calls more, not all they want.
"""

from typing import Final

from django.db import connection

from tiers.entitlements import ASKED_AT_MOST, REQUEST_REMEMBERED

_ROW: Final = """
INSERT INTO tiers_freetries (workspace_id, model_id, taken, request_ids)
SELECT w.id, m.id, 0, '{}' FROM accounts_workspace w, tiers_aimodel m
 WHERE w.public_id = %(workspace)s AND m.name = %(model)s
    ON CONFLICT (workspace_id, model_id) DO NOTHING
"""
# A request has its entry: when it took its try (Unix time), and how often it was asked.
# Where another call holds the row this one waits, and PostgreSQL tests the conditions again on what that one left.
_AGAIN: Final = """coalesce((f.request_ids->%(request_id)s::text->>0)::float8 > clock.now - %(remembered)s
                         AND (f.request_ids->%(request_id)s::text->>1)::int < %(asked_at_most)s, false)"""
_TAKE: Final = f"""
UPDATE tiers_freetries f
   SET taken = f.taken + CASE WHEN {_AGAIN} THEN 0 ELSE 1 END,
       request_ids = (SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each(f.request_ids)
                       WHERE (value->>0)::float8 > clock.now - %(remembered)s)
           || jsonb_build_object(%(request_id)s::text, CASE WHEN {_AGAIN}
                  THEN jsonb_build_array(f.request_ids->%(request_id)s::text->0,
                                         (f.request_ids->%(request_id)s::text->>1)::int + 1)
                  ELSE jsonb_build_array(clock.now, 1) END)
  FROM tiers_aimodel m, accounts_workspace w, (SELECT extract(epoch FROM statement_timestamp())::float8 AS now) clock
 WHERE w.public_id = %(workspace)s AND m.name = %(model)s AND f.workspace_id = w.id AND f.model_id = m.id
   AND m.free_tries > 0 AND m.early_access_from <= statement_timestamp()
   AND statement_timestamp() < least(m.early_access_until, m.goal_reached_at)
   AND (f.taken < m.free_tries OR {_AGAIN})
RETURNING greatest(m.free_tries - f.taken, 0)
"""  # noqa: S608


def take(*, workspace: str, model: str, request_id: str) -> int | None:
    """Take one, or let a request that has one use it again. How many are left, or None where there was none to take
    any more. Raises django.db.Error."""
    values: dict[str, str | float] = {
        "workspace": workspace,
        "model": model,
        "request_id": request_id,
        "remembered": REQUEST_REMEMBERED.total_seconds(),
        "asked_at_most": ASKED_AT_MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_ROW, values)
            cursor.execute(_TAKE, values)
            row = cursor.fetchone()
    return None if row is None else int(row[0])
