"""The recent refusals of a workspace, for its members to look at: the asks as they came, without secrets.

Gathered in memory and sent to Redis each second, as usage is. A refusal that comes again is the same entry, counted,
so that a caller who hammers pushes nobody else's out. Nothing depends on them: what is lost is lost, and what is older
than a week is forgotten, the callers' addresses with it.
"""

import json
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from threading import Lock
from typing import Any, Final, cast
from urllib.parse import unquote

import redis
import structlog
from django.conf import settings

from accounts.impatience import impatient
from tokens.gateway import request_ids
from tokens.gateway.ask import Ask, Decision
from tokens.gateway.reasons import REASONS

log = structlog.get_logger(__name__)

KEPT: Final = 200  # of a workspace
# Request ids by which one of them is found: of a workspace, and of one refusal between two flushes.
KEPT_IDS: Final = 1000
_KEPT_IDS_AT_ONCE: Final = 50
KEPT_SECONDS: Final = 7 * 86400
# In memory, of all workspaces; reached only while Redis is away, or when somebody sends ever new ones.
MAX_WAITING: Final = 2000
_TIMEOUT: Final = 0.5  # seconds

MAX_ENDPOINT: Final = 512
MAX_MODEL: Final = 200
MAX_TEXT: Final = 500
# Anything that begins as our tokens do, escaped or not.
_TOKEN: Final = re.compile(r"trl(?:_|%5f)(sk|pk|gw)(?:_|%5f)[\w%]*", re.IGNORECASE)

# KEYS: entries by name, their names by time, and the ids of requests, each with its entry's name, by time. ARGV: how
# many are kept, how long, now, and how many ids; then for each entry its name, how often it came, when first and last,
# what it is, and ids of requests.
_KEEP: Final = """
for i = 5, #ARGV, 6 do
    redis.call('HINCRBY', KEYS[1], ARGV[i] .. ':times', ARGV[i + 1])
    redis.call('HSETNX', KEYS[1], ARGV[i] .. ':first', ARGV[i + 2])
    redis.call('ZADD', KEYS[2], ARGV[i + 3], ARGV[i])
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 4])
    for id in string.gmatch(ARGV[i + 5], '%S+') do
        redis.call('ZADD', KEYS[3], ARGV[i + 3], id .. ' ' .. ARGV[i])
    end
end
local function drop(names)
    for _, name in ipairs(names) do
        redis.call('HDEL', KEYS[1], name, name .. ':times', name .. ':first')
        redis.call('ZREM', KEYS[2], name)
    end
end
drop(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3] - ARGV[2]))
drop(redis.call('ZRANGE', KEYS[2], 0, -1 - ARGV[1]))
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[3] - ARGV[2])
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - ARGV[4])
for _, key in ipairs(KEYS) do
    redis.call('EXPIRE', key, ARGV[2])
end
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal and its ask, as it last came, fit to be shown: bounded, printable, without secrets. `message` is what
    the caller was told, in the caller's language. `endpoint`: of a query only the model's value is kept. `address` may
    be of a person."""

    token: str
    application: str
    code: str
    message: str
    also: tuple[str, ...]
    endpoint: str
    method: str
    model: str
    operation: str
    permission: str
    origin: str
    address: str
    cost: float
    request_id: str

    @property
    def status(self) -> int:
        return REASONS[self.code].status if self.code in REASONS else 500


@dataclass(frozen=True, slots=True)
class RecentRefusal:
    """A refusal, how often it came, and when first and last."""

    refused: Refused
    times: int
    first_at: datetime
    last_at: datetime


# What makes two refusals the same one.
_Sameness = tuple[Any, ...]


@dataclass(slots=True)
class _Waiting:
    workspace: str
    refused: Refused
    times: int
    first_at: float
    last_at: float
    ids: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_IDS_AT_ONCE))


class Gathered:
    """The refusals that one process has not sent yet."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.dropped = 0
        self._lock = Lock()
        self._waiting: dict[_Sameness, _Waiting] = {}

    def note(self, decision: Decision, *, workspace: str, application: str, token: str) -> None:
        """Note a refusal of a known token. The ids are public ones."""
        reason, ask, at = decision.reason, decision.ask, decision.at.timestamp()
        if reason is None:
            return
        called = (ask.endpoint, ask.method, ask.model, ask.operation, ask.permission)
        same: _Sameness = (workspace, token, reason.code, *called, ask.origin, ask.address)
        with self._lock:
            waiting = self._waiting.get(same)
            if waiting is not None:
                waiting.times += 1
                waiting.last_at = at
                waiting.ids.append(ask.request_id)
                return
            if len(self._waiting) >= MAX_WAITING:
                self.dropped += 1
                return
        refused = _shown(decision, application, token)
        with self._lock:
            waiting = self._waiting.setdefault(same, _Waiting(workspace, refused, 0, at, at))
            waiting.times += 1
            waiting.ids.append(ask.request_id)

    def flush(self) -> bool:
        """Send them; whether they were. What was not is kept, to a bound."""
        with self._lock:
            gathered, self._waiting = self._waiting, {}
        if not gathered:
            return True
        try:
            _send(gathered.values())
        except (redis.RedisError, OSError) as error:
            log.warning("refusals_not_sent", error=str(error), dropped=self.dropped)
            self._take_back(gathered)
            return False
        return True

    def _take_back(self, gathered: dict[_Sameness, _Waiting]) -> None:
        with self._lock:
            for same, newer in self._waiting.items():
                older = gathered.get(same)
                if older is not None:
                    newer.times, newer.first_at = newer.times + older.times, older.first_at
                    newer.ids.extendleft(reversed(older.ids))
            self._waiting = dict([*gathered.items(), *self._waiting.items()][-MAX_WAITING:])


def recent(workspace: str, *, limit: int = KEPT) -> list[RecentRefusal]:
    """Those of a workspace (its public id), the newest first. Raises RedisError."""
    entries, times = _keys(workspace)
    client = impatient(settings.REDIS_URL, _TIMEOUT)
    newest = cast("list[tuple[bytes, float]]", client.zrevrange(times, 0, limit - 1, withscores=True))
    return _of_names(client, entries, newest)


def of_request(workspace: str, request_id: str) -> RecentRefusal | None:
    """The one that a request met, `last_at` being when; None where it is not known any more. Raises RedisError."""
    if not request_ids.is_one(request_id):
        return None
    client = impatient(settings.REDIS_URL, _TIMEOUT)
    found = cast("Iterator[tuple[bytes, float]]", client.zscan_iter(_ids_key(workspace), f"{request_id} *", KEPT_IDS))
    names = [(member.partition(b" ")[2], at) for member, at in found]
    return next(iter(_of_names(client, _keys(workspace)[0], names)), None)


def _of_names(client: redis.Redis, entries: str, newest: list[tuple[bytes, float]]) -> list[RecentRefusal]:
    if not newest:
        return []
    fields = [one for name, _at in newest for one in (name, name + b":times", name + b":first")]
    values = cast("list[bytes | None]", client.hmget(entries, fields))
    rows = zip(newest, values[::3], values[1::3], values[2::3], strict=True)
    return [
        RecentRefusal(_read(content), int(count), _moment(float(first)), _moment(last))
        for (_name, last), content, count, first in rows
        if content is not None and count is not None and first is not None
    ]


def _send(gathered: Iterable[_Waiting]) -> None:
    by_workspace: dict[str, list[_Waiting]] = {}
    for waiting in gathered:
        by_workspace.setdefault(waiting.workspace, []).append(waiting)
    pipeline = impatient(settings.REDIS_URL, _TIMEOUT).pipeline(transaction=False)
    for workspace, some in by_workspace.items():
        now = max(waiting.last_at for waiting in some)
        keys = (*_keys(workspace), _ids_key(workspace))
        pipeline.eval(_KEEP, len(keys), *keys, KEPT, KEPT_SECONDS, now, KEPT_IDS, *_arguments(some))
    pipeline.execute()


def _arguments(gathered: Iterable[_Waiting]) -> Iterable[str | int | float]:
    for one in gathered:
        values = asdict(one.refused)
        same = {name: value for name, value in values.items() if name not in ("message", "also", "cost", "request_id")}
        name = blake2b(json.dumps(same).encode(), digest_size=12).hexdigest()
        yield from (name, one.times, one.first_at, one.last_at, json.dumps(values), " ".join(one.ids))


def _keys(workspace: str) -> tuple[str, str]:
    return f"{{{workspace}}}:refusals", f"{{{workspace}}}:refusals:at"


def _ids_key(workspace: str) -> str:
    return f"{{{workspace}}}:refusals:ids"


def _read(content: bytes) -> Refused:
    values = json.loads(content)
    return Refused(**{**values, "also": tuple(values["also"])})


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _shown(decision: Decision, application: str, token: str) -> Refused:
    ask, (reason, *others) = decision.ask, decision.refusals
    return Refused(
        token=token,
        application=application,
        code=reason.code,
        message=_clean(reason.message, MAX_TEXT),
        also=tuple(refusal.code for refusal in others),
        endpoint=_endpoint(ask),
        method=_clean(ask.method, 20),
        model=_clean(ask.model or "", MAX_MODEL),
        operation=_clean(ask.operation or decision.operation or "", 40),
        permission=_clean(ask.permission, 20),
        origin=_clean(ask.origin or "", MAX_TEXT),
        address=str(ask.address or ""),
        cost=ask.cost,
        request_id=ask.request_id,
    )


def _endpoint(ask: Ask) -> str:
    """Of the query the names, but of the model the value too: others may be secrets, under whatever name."""
    path, mark, query = ask.endpoint.partition("?")
    if _TOKEN.search(unquote(path)) and not _TOKEN.search(path):
        path = "/…"
    pieces = [
        piece if name == "model" else f"{name}=…" for piece in query.split("&") if (name := piece.partition("=")[0])
    ]
    return _clean(path + mark + "&".join(pieces), MAX_ENDPOINT)


def _clean(text: str, most: int) -> str:
    without = _TOKEN.sub(r"trl_\1_…", text[: 4 * most])
    printable = "".join(char if char.isprintable() else "?" for char in without)
    return printable if len(printable) <= most else f"{printable[: most - 1]}…"


_gathered: Final = Gathered()
os.register_at_fork(after_in_child=_gathered.begin)

note: Final = _gathered.note
flush: Final = _gathered.flush
