"""Folding: the batches of counts that wait in Redis are added to the tables of usage, each of them once.

What was folded is noted in the transaction that folds it, and a batch is removed from Redis only after the commit. So
whoever dies in between leaves either a batch that is folded again from the start, or one that is known to be folded.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final, cast

import redis
import structlog
from django.conf import settings
from django.db import connection, transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts import clock
from tiers.claims import claimed
from tokens.gateway import partitions
from tokens.gateway.usage import BATCHES

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 100  # batches
_EPOCH: Final = date(1970, 1, 1)
# A process whose clock is wrong counts on a day near this one, rather than in a partition of its own.
_LATEST: Final = timedelta(days=35)

_BEGIN: Final = """
INSERT INTO tokens_usagecounter (process, folded, folded_at)
SELECT process, 0, now() FROM unnest(%s::text[]) AS process ORDER BY process ON CONFLICT DO NOTHING
"""
_FOLDED: Final = """
SELECT process, folded FROM tokens_usagecounter WHERE process = ANY(%s) ORDER BY process FOR UPDATE
"""
_END: Final = """
UPDATE tokens_usagecounter counter SET folded = new.number, folded_at = now()
  FROM unnest(%s::text[], %s::bigint[]) AS new (process, number) WHERE counter.process = new.process
"""
# Counts of tokens that are not ours fall out by the join. A row of a token or a gateway that somebody holds is left
# alone: the next fold notes when it was last used.
_ADD: Final = """
WITH counted AS MATERIALIZED (
    SELECT of.*, t.id AS token_id, t.kind, t.application_id, t.workspace_id,
           t.public_id AS token_name, a.public_id AS application_name, w.public_id AS workspace_name
      FROM unnest(%(token)s::text[], %(model)s::text[], %(operation)s::text[], %(code)s::text[], %(pack)s::text[],
                  %(in_query)s::bool[], %(day)s::date[], %(calls)s::bigint[], %(units)s::bigint[],
                  %(pack_units)s::bigint[], %(last_at)s::timestamptz[])
           AS of (token, model, operation, code, pack, in_query, day, calls, units, pack_units, last_at)
      LEFT JOIN tokens_token t ON t.public_id = of.token
      LEFT JOIN tokens_application a ON a.id = t.application_id
      LEFT JOIN accounts_workspace w ON w.id = t.workspace_id
     WHERE t.id IS NOT NULL OR of.token = ''
), usage AS (
    INSERT INTO tokens_usage AS u (token_id, application_id, workspace_id, day, model, operation, code,
                                   calls, units, pack_units, last_at)
    SELECT token_id, application_id, workspace_id, day, left(model, 100), left(operation, 40), left(code, 40),
           sum(calls), sum(units), sum(pack_units), max(last_at)
      FROM counted GROUP BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (token_id, day, model, operation, code) DO UPDATE
       SET calls = u.calls + excluded.calls, units = u.units + excluded.units,
           pack_units = u.pack_units + excluded.pack_units, last_at = greatest(u.last_at, excluded.last_at)
), allowances AS (
    INSERT INTO tokens_allowancespent AS s (subject, scope, period, starts_on, workspace_id, units, pack_units)
    SELECT of.subject, of.scope, of.period, of.starts_on, workspace_id, sum(units), sum(pack_units)
      FROM counted
     CROSS JOIN LATERAL (VALUES ('token', token_name), ('application', application_name),
                                ('workspace', workspace_name)) AS scopes (scope, subject)
     CROSS JOIN LATERAL (VALUES ('day', day), ('month', date_trunc('month', day)::date)) AS periods (period, starts_on)
     CROSS JOIN LATERAL (SELECT scope, subject, period, starts_on) AS of
     WHERE token_id IS NOT NULL AND (units <> 0 OR pack_units <> 0)
     GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (subject, scope, period, starts_on) DO UPDATE
       SET units = s.units + excluded.units, pack_units = s.pack_units + excluded.pack_units
), packs AS (
    INSERT INTO tokens_packspent AS p (grant_id, units)
    SELECT g.id, sum(pack_units)
      FROM counted JOIN tiers_grant g ON g.public_id = pack AND g.workspace_id = counted.workspace_id
     WHERE pack_units <> 0 GROUP BY 1
        ON CONFLICT (grant_id) DO UPDATE SET units = p.units + excluded.units
)
UPDATE tokens_token t
   SET last_used_at = greatest(t.last_used_at, used.last_at),
       seen_in_query_at = greatest(t.seen_in_query_at, used.in_query_at)
  FROM (SELECT token_id, max(last_at) AS last_at,
               max(last_at) FILTER (WHERE in_query AND kind = 'secret') AS in_query_at
          FROM counted WHERE token_id IS NOT NULL GROUP BY 1) used
  JOIN (SELECT id FROM tokens_token WHERE id IN (SELECT token_id FROM counted)
         ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) free ON free.id = used.token_id
 WHERE t.id = used.token_id
   AND (coalesce(used.last_at - t.last_used_at >= interval '1 minute', true)
        OR coalesce(used.in_query_at - t.seen_in_query_at >= interval '1 minute', used.in_query_at IS NOT NULL))
"""
_GATEWAYS: Final = """
UPDATE tokens_gateway g SET last_used_at = greatest(g.last_used_at, used.at)
  FROM unnest(%s::text[], %s::timestamptz[]) AS used (public_id, at)
  JOIN (SELECT public_id FROM tokens_gateway WHERE public_id = ANY(%s)
         ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) free USING (public_id)
 WHERE g.public_id = used.public_id
"""
_FORGET_PROCESSES: Final = "DELETE FROM tokens_usagecounter WHERE folded_at < now() - interval '30 days'"
_FORGET_DAYS: Final = """
DELETE FROM tokens_allowancespent WHERE period = 'day' AND starts_on < now() - interval '62 days'
"""
_COLUMNS: Final = (
    "token", "model", "operation", "code", "pack", "in_query", "day", "calls", "units", "pack_units", "last_at"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """As `usage.Tally` made it."""

    process: str
    number: int
    rows: list[list[Any]]
    gateways: dict[str, float]


def fold() -> int:
    """Fold all that waits; how many batches that were. By one worker at a time. Raises RedisError, django.db.Error."""
    folded = 0
    with claimed("fold_usage") as mine:
        while mine and (some := _fold_some(_client(settings.REDIS_URL))):
            folded += some
    return folded


def _fold_some(client: redis.Redis) -> int:
    """The oldest of each process first: a later one must not be folded before."""
    waiting = sorted(map(_parsed, cast("list[bytes]", client.hkeys(BATCHES))))[:_AT_ONCE]
    if not waiting:
        return 0
    names = [f"{process}:{number}" for number, process in waiting]
    contents = cast("list[bytes | None]", client.hmget(BATCHES, names))
    add([_read(of, content) for of, content in zip(waiting, contents, strict=True) if content is not None])
    client.hdel(BATCHES, *names)
    return len(names)


def _parsed(name: bytes) -> tuple[int, str]:
    process, _colon, number = name.decode().partition(":")
    return int(number), process


def _read(of: tuple[int, str], content: bytes) -> Batch:
    number, process = of
    try:
        made = json.loads(content)
    except ValueError:
        log.exception("usage_batch_unreadable", process=process, number=number)
        made = {"rows": [], "gateways": {}}
    return Batch(process, number, made["rows"], made["gateways"])


def add(batches: Sequence[Batch]) -> None:
    """Add those to the tables that were not added before, in one transaction."""
    now = clock.now()
    partitions.make(_day(row, now) for batch in batches for row in batch.rows)
    with transaction.atomic():
        new = _not_folded(batches)
        _add_rows([row for batch in new for row in batch.rows], now)
        _add_gateways([used for batch in new for used in batch.gateways.items()], now)


def _not_folded(batches: Iterable[Batch]) -> list[Batch]:
    """Of these batches those that are new; noted as folded, by whoever holds the rows of their processes."""
    processes = sorted({batch.process for batch in batches})
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [processes])
        cursor.execute(_FOLDED, [processes])
        folded: dict[str, int] = dict(cursor.fetchall())
        new = {(batch.process, batch.number): batch for batch in batches if batch.number > folded[batch.process]}
        last = dict(sorted(new))
        cursor.execute(_END, [list(last), list(last.values())])
    return list(new.values())


def _add_rows(rows: Iterable[list[Any]], now: datetime) -> None:
    clean = [[*row[:6], _day(row, now), *row[7:10], _moment(row[10], now)] for row in rows]
    if clean:
        columns = zip(*clean, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_ADD, {name: list(column) for name, column in zip(_COLUMNS, columns, strict=True)})


def _add_gateways(used: Iterable[tuple[str, float]], now: datetime) -> None:
    last = {public_id: at for at, public_id in sorted((at, public_id) for public_id, at in used)}
    if last:
        moments = [_moment(at, now) for at in last.values()]
        with connection.cursor() as cursor:
            cursor.execute(_GATEWAYS, [list(last), moments, list(last)])


def _day(row: list[Any], now: datetime) -> date:
    today = now.date()
    newest, oldest = (today - _EPOCH).days, (today - _LATEST - _EPOCH).days
    return _EPOCH + timedelta(days=min(max(row[6], oldest), newest))


def _moment(at: float, now: datetime) -> datetime:
    return datetime.fromtimestamp(min(max(at, 0.0), now.timestamp()), UTC)


def forget_old() -> None:
    """What only tells apart batches that nobody sends any more, and days that no counter is built from again."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_PROCESSES)
        cursor.execute(_FORGET_DAYS)


@cache
def _client(url: str) -> redis.Redis:
    retry = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, retry=retry)
