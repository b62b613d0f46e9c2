"""What was asked, counted in this process's memory: an answer adds to a dict, and waits for nothing.

Each second `flush()` sends the counts to Redis as one numbered batch, from where `folding.fold()` brings them into
PostgreSQL. Nothing is counted twice: a process numbers its batches and sends the next one only once Redis has
acknowledged the last, so a batch whose acknowledgement got lost is sent again as what it was, and whoever folds knows
by its number that it was folded already. What is lost with a process or with Redis is at most what was counted since
the last fold: some seconds.
"""

import os
import secrets
import time
from collections import deque
from multiprocessing.util import Finalize
from threading import Lock
from typing import Final

import msgspec
import redis
import structlog
from django.conf import settings

from accounts.impatience import impatient

log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode

# One hash for all: process and number → batch. A batch is one value, so that Redis, on whose core every decision
# waits, copies some kilobytes a second and counts nothing itself.
BATCHES: Final = "{usage}:batches"
DAY: Final = 86400  # seconds

# Reached only while nothing can be sent. What is new is then not counted, in the customer's favour: to send it at once
# would let a call wait for the Redis that is away.
MAX_KEYS: Final = 100_000
_ROWS_A_BATCH: Final = 2_000
# Written in one step, in which no call is answered: a tenth of a millisecond. Between steps calls have their turn.
_ROWS_A_STEP: Final = 200
_BETWEEN_STEPS: Final = 0.001  # seconds
# So many batches wait only while no worker folds. Then counts are gathered for longer, since one batch of a minute is
# much smaller than sixty of a second.
_BACKLOG: Final = 1000
_GATHERED: Final = 60  # seconds
_TIMEOUT: Final = 0.5  # seconds
# When a gateway last asked need not be known better.
_A_MOMENT: Final = 0.5  # seconds

# token, model, operation, code, pack, whether the token came in a query, UTC day since 1970
Key = tuple[str, str, str, str, str, bool, int]


class Counted(msgspec.Struct, array_like=True, gc=False):
    """A key, and what was counted of it: a row as batches have it, since to make thousands of them at once would keep
    calls waiting."""

    token: str
    model: str
    operation: str
    code: str
    pack: str
    in_query: bool
    day: int
    calls: int
    units: int
    pack_units: int
    last_at: float


class Tally:
    """The counts of one process. Its own lock is held for an addition or a swap, never while anything is sent."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Empty, under a new name: a child of a fork must not count its parent's calls again."""
        self.process = secrets.token_hex(8)
        self.dropped = 0
        self._adding = Lock()
        self._sending = Lock()
        self._counts: dict[Key, Counted] = {}
        self._gateways: dict[str, float] = {}
        self._batches: deque[tuple[int, int, bytes]] = deque()
        self._number = 0
        self._unsent = 0
        self._gathers_until = 0.0

    def note(
        self,
        *,
        token: str,
        model: str,
        operation: str,
        code: str,
        units: int,
        at: float,
        pack: str = "",
        pack_units: int = 0,
        in_query: bool = False,
        calls: int = 1,
    ) -> None:
        """Count one decision about a known token, or about a call without any: then `token` is empty. Of a token that
        is not ours nothing is counted. Application and workspace are the token's own.

        `model` and `operation`: the catalogue's names, or empty, never what a caller wrote. `code`: `ok` or the reason.
        `units`: thousandths of a call that were spent, `pack_units` those of them that the pack (a grant's public id)
        paid for. `at`: Unix time in seconds. `calls`: 0 for what only corrects the units of a call counted before."""
        key = (token, model, operation, code, pack, in_query, int(at) // DAY)
        with self._adding:
            counted = self._counts.get(key)
            if counted is not None:
                counted.calls += calls
                counted.units += units
                counted.pack_units += pack_units
                counted.last_at = at
            elif len(self._counts) + self._unsent < MAX_KEYS:
                self._counts[key] = Counted(*key, calls, units, pack_units, at)
            else:
                self.dropped += 1

    def note_gateway(self, public_id: str, at: float) -> None:
        """A gateway that is known asked at this Unix time."""
        if at - self._gateways.get(public_id, 0.0) > _A_MOMENT:
            with self._adding:
                self._gateways[public_id] = at

    def flush(self, *, final: bool = False) -> bool:
        """Send what was counted; whether all of it was. What was not is kept, and sent by the next call."""
        with self._sending:
            if final or not self._is_gathering():
                self._make_batches(0 if final else _BETWEEN_STEPS)
            try:
                while self._batches:
                    self._send(*self._batches[0])
                    self._batches.popleft()
            except (redis.RedisError, OSError) as error:
                log.warning("usage_not_sent", error=str(error), batches=len(self._batches), dropped=self.dropped)
                return False
            return not self._counts

    def _is_gathering(self) -> bool:
        return time.monotonic() < self._gathers_until and len(self._counts) < MAX_KEYS // 2

    def _make_batches(self, pause: float) -> None:
        with self._adding:
            counts, self._counts = self._counts, {}
            gateways, self._gateways = self._gateways, {}
            self._unsent += len(counts)
        while counts or gateways:
            number, steps = min(len(counts), _ROWS_A_BATCH), list[bytes]()
            for done in range(0, number, _ROWS_A_STEP):
                # Taken out, since to let go of all at the end would be one long step again.
                rows = [counts.popitem()[1] for _ in range(min(_ROWS_A_STEP, number - done))]
                steps.append(_encode(rows)[1:-1])
                time.sleep(pause)
            self._number += 1
            content = b'{"rows":[%b],"gateways":%b}' % (b",".join(steps), _encode(gateways))
            self._batches.append((self._number, number, content))
            gateways = {}

    def _send(self, number: int, rows: int, content: bytes) -> None:
        """Raises RedisError; then Redis may have it or not, and it is sent again under the same number."""
        pipeline = impatient(settings.REDIS_URL, _TIMEOUT).pipeline(transaction=False)
        pipeline.hset(BATCHES, f"{self.process}:{number}", content)
        pipeline.hlen(BATCHES)
        _added, waiting = pipeline.execute()
        with self._adding:
            self._unsent -= rows
        if waiting > _BACKLOG:
            self._gathers_until = time.monotonic() + _GATHERED


_tally: Final = Tally()
os.register_at_fork(after_in_child=_tally.begin)
# A server's worker is a child of `multiprocessing`, which ends without what `atexit` knows of.
Finalize(None, _tally.flush, kwargs={"final": True}, exitpriority=0)

note: Final = _tally.note
note_gateway: Final = _tally.note_gateway
flush: Final = _tally.flush
