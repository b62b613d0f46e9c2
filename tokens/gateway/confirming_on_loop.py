"""What `confirming.py` asks PostgreSQL, asked on an event loop: one statement at a time, for all who wait by then."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

import psycopg
import structlog
from psycopg import pq

from tokens.gateway import confirming
from tokens.gateway.ask import Pass
from tokens.gateway.confirming import Confirmed

log = structlog.get_logger(__name__)

# Gets what PostgreSQL said, or None where it has a newer pass or says nothing. Raises nothing.
Told = Callable[[Confirmed | None], None]


class Confirmer:
    """On a connection of its own, which is opened on a thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: Executor) -> None:
        self._loop, self._threads = loop, threads
        self._connection: psycopg.Connection[Any] | None = None
        self._opening = False
        self._rests_until = 0.0
        self._waiting: list[tuple[Pass, Told]] = []
        self._flying: list[tuple[Pass, Told]] = []
        self._deadline: asyncio.TimerHandle | None = None

    def ask(self, rights: Pass, told: Told) -> bool:
        """False where nothing can be asked now: then `told` is never called."""
        if self._connection is None:
            self._open()
            return False
        self._waiting.append((rights, told))
        if len(self._waiting) == 1 and not self._flying:
            self._loop.call_soon(self._fly)
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
        self._loop.add_reader(self._connection.pgconn.socket, self._read)

    def _fly(self) -> None:
        if self._connection is None or not self._waiting:
            return
        self._flying, self._waiting = self._waiting, []
        names = {rights.workspace for rights, _told in self._flying}
        self._deadline = self._loop.call_later(
            confirming.MOST_SECONDS, partial(self._failed, "PostgreSQL does not answer.")
        )
        try:
            self._connection.pgconn.send_query_prepared(confirming.NAME, [confirming.named(names)])
            self._send(self._connection.pgconn)
        except psycopg.Error as error:
            self._failed(str(error))

    def _send(self, pgconn: pq.abc.PGconn) -> None:
        """What the socket does not take at once follows when it can."""
        if pgconn.flush():
            self._loop.add_writer(pgconn.socket, self._go_on)
        else:
            self._loop.remove_writer(pgconn.socket)

    def _go_on(self) -> None:
        try:
            if self._connection is not None:
                self._send(self._connection.pgconn)
        except psycopg.Error as error:
            self._failed(str(error))

    def _read(self) -> None:
        if self._connection is None:
            return
        pgconn = self._connection.pgconn
        try:
            pgconn.consume_input()
            if pgconn.is_busy() or not self._flying:
                return
            result = pgconn.get_result()
            while pgconn.get_result() is not None:
                pass
            said, versions = confirming.read(result)
        except psycopg.Error as error:
            self._failed(str(error))
            return
        flown, self._flying = self._flying, []
        if self._deadline is not None:
            self._deadline.cancel()
        if self._waiting:
            self._fly()
        for rights, told in flown:
            told(said if versions.get(rights.workspace) == rights.rights_version else None)

    def _failed(self, why: str) -> None:
        """Whoever waits goes another way, and so does who comes within a second."""
        log.warning("not_confirmed", error=why)
        self._rests_until = self._loop.time() + confirming.REST
        if self._deadline is not None:
            self._deadline.cancel()
        if self._connection is not None:
            self._loop.remove_reader(self._connection.pgconn.socket)
            self._loop.remove_writer(self._connection.pgconn.socket)
            self._connection.close()
            self._connection = None
        left, self._flying, self._waiting = [*self._flying, *self._waiting], [], []
        for _rights, told in left:
            told(None)
