"""Whether the audit is whole: chains recomputed by the database, checkpoints over all of them.

The triggers keep everybody from changing an event. This finds what somebody did who could switch them off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import OperationalError, connection, transaction

from accounts.models import AuditCheckpoint
from accounts.models.audit import DIGEST

log = structlog.get_logger(__name__)
AT_MOST: Final = 100  # Breaks reported: one altered event of a long chain is one line, a rewritten table is enough.
_ADVISORY_LOCK: Final = 0x7472_6C63  # "trlc"

_CHAINS: Final = f"""
    SELECT coalesce(w.public_id, 'platform'), e.seq, e.public_id,
        CASE WHEN e.hash <> e.computed THEN 'altered'
             WHEN e.seq <> e.place THEN 'missing_before'
             WHEN e.previous_hash <> e.link THEN 'not_linked'
             ELSE 'origin_altered' END
    FROM (
        SELECT a.*, {DIGEST.format(row="a")} AS computed,
            coalesce(lag(a.hash) OVER chain, '') AS link, row_number() OVER chain AS place
        FROM accounts_auditevent a WINDOW chain AS (PARTITION BY a.workspace_id ORDER BY a.seq)
    ) e
    LEFT JOIN accounts_workspace w ON w.id = e.workspace_id
    LEFT JOIN accounts_auditorigin o ON o.event_id = e.id
    WHERE e.hash <> e.computed OR e.previous_hash <> e.link OR e.seq <> e.place
        OR (o.erased_at IS NULL AND e.origin_hash IS DISTINCT FROM encode(sha256(
            convert_to(o.salt, 'UTF8') || '\\x00'::bytea || convert_to(coalesce(host(o.address), ''), 'UTF8')
            || '\\x00'::bytea || convert_to(o.email, 'UTF8')), 'hex'))
    ORDER BY 1, 2 LIMIT {AT_MOST}
"""  # noqa: S608  Constants of this module and of the trigger alone.

_HEADS: Final = f"""
    SELECT c.chain, c.audit_seq, '', 'head_differs' FROM (
        SELECT id AS workspace_id, public_id AS chain, audit_seq, audit_head FROM accounts_workspace
        UNION ALL SELECT NULL, 'platform', audit_seq, audit_head FROM accounts_platform
    ) c
    LEFT JOIN LATERAL (
        SELECT seq, hash FROM accounts_auditevent a
        WHERE a.workspace_id IS NOT DISTINCT FROM c.workspace_id ORDER BY seq DESC LIMIT 1
    ) last ON true
    WHERE coalesce(last.seq, 0) <> c.audit_seq OR coalesce(last.hash, '') <> c.audit_head
    ORDER BY 1 LIMIT {AT_MOST}
"""  # noqa: S608

_SPAN: Final = """
    SELECT count(*), encode(sha256(convert_to(
        concat_ws(':', %s::text, count(*), coalesce(string_agg(hash, ',' ORDER BY id), '')), 'UTF8')), 'hex')
    FROM accounts_auditevent WHERE id > %s AND id <= %s
"""


@dataclass(frozen=True, slots=True)
class Break:
    """Where the audit is not what was written. `chain` is a workspace's id, `platform` or `checkpoints`."""

    chain: str
    seq: int
    event: str
    what: str


def verify() -> list[Break]:
    """Every break found, at most 100 of a kind; none is good news. Writing may go on meanwhile: each question is one
    statement, and so one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAINS)
        breaks = [Break(*row) for row in cursor.fetchall()]
        cursor.execute(_HEADS)
        breaks += [Break(*row) for row in cursor.fetchall()]
        breaks += list(_broken_checkpoints())[:AT_MOST]
    return breaks


def _broken_checkpoints() -> Iterator[Break]:
    previous_hash, previous_id = "", 0
    for found in AuditCheckpoint.objects.order_by("pk").iterator():
        events, digest = _span(previous_hash, previous_id, found.last_event_id)
        if (found.previous_hash, found.events, found.hash) != (previous_hash, events, digest):
            yield Break("checkpoints", found.pk, "", "checkpoint_differs")
        previous_hash, previous_id = found.hash, found.last_event_id


def checkpoint() -> AuditCheckpoint | None:
    """Chain all events since the last checkpoint into one digest, and log it, so that a copy lies elsewhere.

    None if there is nothing new, somebody else is at it, or writers were too busy: the next minute's takes all."""
    last = _last_committed_event()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        if last is None or not cursor.fetchone()[0]:
            return None
        previous = AuditCheckpoint.objects.order_by("-pk").first()
        since, previous_hash = (previous.last_event_id, previous.hash) if previous else (0, "")
        if last <= since:
            return None
        events, digest = _span(previous_hash, since, last)
        made = AuditCheckpoint.objects.create(
            last_event_id=last, events=events, previous_hash=previous_hash, hash=digest
        )
    log.info("audit_checkpoint", checkpoint=made.pk, events=events, hash=digest)
    return made


def _last_committed_event() -> int | None:
    """An id below which no event can appear any more. Ids are drawn before the commit, so the newest visible one
    may stand above one still to be committed: a share lock waits until no writer is left, and lets go at once."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")
            cursor.execute("LOCK TABLE accounts_auditevent IN SHARE MODE")
            cursor.execute("SELECT max(id) FROM accounts_auditevent")
            found: int | None = cursor.fetchone()[0]
    except OperationalError:
        log.warning("audit_checkpoint_put_off")
        return None
    return found


def _span(previous_hash: str, since: int, until: int) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_SPAN, [previous_hash, since, until])
        events, digest = cursor.fetchone()
    return events, digest
