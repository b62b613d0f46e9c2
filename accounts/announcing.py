"""Announcing: Redis is told a workspace's rights version once what raised it is committed.

It is an accelerator. What a version says is in PostgreSQL, and whoever refuses has read it there; but a pass that Redis
keeps is used no longer once Redis knows a newer version. `announced_version` is what Redis was told, so all that is
behind can be found and told again, by `sweep()`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.dispatch import Signal

from accounts.errands import Errands
from accounts.models import Workspace
from accounts.wire import Script, connected

log = structlog.get_logger(__name__)
# Sent, with `seconds`, when Redis could not be told for so long that somebody should know.
silence = Signal()
SILENCE: Final = 120  # seconds
# Longer than any pass is used: a version that Redis has forgotten is a miss, never 0.
KEPT: Final = 24 * 3600  # seconds
_BATCH: Final = 500

# Max, never lower: announcements overtake each other. What was confirmed (`c`) was so of the version before.
# KEYS[1]: a workspace's key; ARGV: the version, how long to keep it.
_RAISE: Final = Script("""
local known = redis.call('HGET', KEYS[1], 'v')
if not known or tonumber(known) < tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], 'v', ARGV[1])
    redis.call('HDEL', KEYS[1], 'c')
    redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return 1
""")
# What is locked just now is being changed, and announced again by who changes it, or swept. A mark that is lost in a
# crash is made again, so the commit need not wait for the disk.
_MARK: Final = """
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
     told AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS told (id, version)),
     free AS MATERIALIZED (SELECT workspace.id FROM accounts_workspace workspace JOIN told USING (id), relaxed
                           WHERE workspace.announced_version < told.version
                           ORDER BY workspace.id FOR NO KEY UPDATE OF workspace SKIP LOCKED)
UPDATE accounts_workspace SET announced_version = told.version FROM told JOIN free USING (id)
 WHERE accounts_workspace.id = told.id AND accounts_workspace.announced_version < told.version
"""
_FAILURES: Final = (redis.RedisError, OSError)
_errands = Errands("announcing", *_FAILURES)


def workspace_key(public_id: str) -> str:
    """Where Redis keeps what it knows of a workspace, its version as field `v`. All keys of a workspace begin so, and
    share one slot of a cluster."""
    return f"{{{public_id}}}:w"


@dataclass(frozen=True, slots=True)
class _Announcement:
    workspace_id: int

    def __call__(self) -> None:
        announce(self.workspace_id)


def announce_after_commit(workspace_id: int) -> None:
    """Once a transaction, however many of its statements ask for it."""
    announcement = _Announcement(workspace_id)
    if not any(call == announcement for _savepoints, call, _robust in transaction.get_connection().run_on_commit):
        transaction.on_commit(announcement)


def announce(workspace_id: int) -> None:
    """Tell Redis, in 50 ms or not at all; and never raise, since what it tells of is committed."""
    try:
        waiting = _waiting([workspace_id])
        if waiting and announce_versions(dict(waiting.values())):
            _mark(waiting)
    except DatabaseError:
        log.exception("not_announced", workspace=workspace_id)


def announce_versions(versions: Mapping[str, int]) -> bool:
    """Whether Redis knows them now. By public id of the workspace."""
    if _errands.run(lambda: tell(versions)):
        return True
    if _errands.failing_for > SILENCE:
        silence.send(sender=None, seconds=round(_errands.failing_for))
    return False


def sweep() -> int:
    """Tell Redis of all workspaces of which it was not told, and say how many those were.

    For a worker: it waits for Redis as long as the client's timeouts are. Raises RedisError."""
    swept, after = 0, 0
    while True:
        behind = Workspace.objects.filter(announced_version__lt=F("rights_version"), pk__gt=after)
        waiting = _waiting(behind.order_by("pk").values_list("pk", flat=True)[:_BATCH])
        if not waiting:
            return swept
        tell(dict(waiting.values()))
        _mark(waiting)
        swept, after = swept + len(waiting), max(waiting)


def _waiting(ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Of those that are behind: their public id, and the version to be told."""
    behind = Workspace.objects.filter(pk__in=list(ids), announced_version__lt=F("rights_version"))
    return {
        pk: (public_id, version) for pk, public_id, version in behind.values_list("pk", "public_id", "rights_version")
    }


def _mark(told: Mapping[int, tuple[str, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [list(told), [version for _public_id, version in told.values()]])


def tell(versions: Mapping[str, int]) -> None:
    """Tell Redis, by one call a workspace, since their keys lie in different slots. Raises RedisError."""
    store = connected(settings.PASS_STORE_URL)
    for public_id, version in versions.items():
        store.run(_RAISE, [workspace_key(public_id)], [version, KEPT])
