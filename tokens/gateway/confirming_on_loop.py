"""What `confirming.py` asks PostgreSQL, asked on an event loop: one statement at a time, for all who wait by then."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final, Protocol

import psycopg
import structlog
from psycopg import pq

from tokens.gateway import confirming
from tokens.gateway.confirming import Confirmed

log = structlog.get_logger(__name__)
_READS_FIRST: Final = 0.01  # seconds

# Gets what PostgreSQL said, or None where it has a newer pass or says nothing. Raises nothing.
Told = Callable[[Confirmed | None], None]


class Rights(Protocol):
    """What of a pass is confirmed."""

    @property
    def workspace(self) -> str: ...
    @property
    def rights_version(self) -> int: ...


class Confirmer:
    """On a connection of its own, which is opened on a thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: Executor) -> None:
        self._loop, self._threads = loop, threads
        self._connection: psycopg.Connection[Any] | None = None
        self._opening = False
        self._rests_until = 0.0
        self._waiting: list[tuple[Rights, Told]] = []
        self._flying: list[tuple[Rights, Told]] = []
        self._deadline: asyncio.TimerHandle | None = None
        self._result: pq.abc.PGresult | None = None
        self._socket = -1

    def ask(self, rights: Rights, told: Told) -> bool:
        """False where nothing can be asked now: then `told` is never called."""
        if self._connection is None:
            self._open()
            return False
        self._waiting.append((rights, told))
        if len(self._waiting) == 1 and not self._flying:
            self._loop.call_soon(self._guarded, self._fly)
        return True

    def _open(self) -> None:
        if not self._opening and self._loop.time() >= self._rests_until:
            self._opening = True
            self._loop.run_in_executor(self._threads, confirming.opened).add_done_callback(self._opened)

    def _opened(self, opened: "asyncio.Future[psycopg.Connection[Any]]") -> None:
        self._opening = False
        if (error := opened.exception()) is not None:
            self._failed(str(error))
            return
        self._connection = opened.result()
        self._connection.pgconn.nonblocking = 1
        # Of a connection that is lost it can be asked no more.
        self._socket = self._connection.pgconn.socket
        self._loop.add_reader(self._socket, self._guarded, self._read)

    def _guarded(self, step: Callable[[pq.abc.PGconn], None]) -> None:
        """Whatever goes wrong, nobody is left waiting."""
        if self._connection is not None:
            try:
                step(self._connection.pgconn)
            except Exception as error:  # noqa: BLE001  It is logged, and all who wait go another way.
                self._failed(str(error))

    def _fly(self, pgconn: pq.abc.PGconn) -> None:
        if self._flying or not self._waiting:
            return
        self._flying, self._waiting = self._waiting, []
        names = {rights.workspace for rights, _told in self._flying}
        self._deadline = self._loop.call_later(confirming.MOST_SECONDS, self._late)
        pgconn.send_query_prepared(confirming.NAME, [confirming.named(names)])
        self._send(pgconn)

    def _send(self, pgconn: pq.abc.PGconn) -> None:
        """What the socket does not take at once follows when it can."""
        if pgconn.flush():
            self._loop.add_writer(self._socket, self._guarded, self._send)
        else:
            self._loop.remove_writer(self._socket)

    def _late(self) -> None:
        """A process that stood still itself reads first what came meanwhile: timers are asked before sockets."""
        failed = partial(self._failed, "PostgreSQL does not answer in time.")
        self._deadline = self._loop.call_later(_READS_FIRST, failed)

    def _read(self, pgconn: pq.abc.PGconn) -> None:
        """An answer has two parts, what was said and its end, and either may be late."""
        pgconn.consume_input()
        while self._flying and not pgconn.is_busy():
            result = pgconn.get_result()
            if result is not None:
                self._result = result
                continue
            said, versions = confirming.read(self._result)
            flown, self._flying, self._result = self._flying, [], None
            self._forget_deadline()
            for rights, told in flown:
                told(said if versions.get(rights.workspace) == rights.rights_version else None)
            self._fly(pgconn)

    def _failed(self, why: str) -> None:
        """Whoever waits goes another way, and so does who comes within a second."""
        log.warning("not_confirmed", error=why)
        self._rests_until = self._loop.time() + confirming.REST
        lost, self._connection, self._result = self._connection, None, None
        left, self._flying, self._waiting = [*self._flying, *self._waiting], [], []
        self._forget_deadline()
        try:
            if lost is not None:
                self._loop.remove_reader(self._socket)
                self._loop.remove_writer(self._socket)
                lost.close()
        finally:
            for _rights, told in left:
                told(None)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
