"""Redis for the hot path on an event loop: one connection for all calls, on which what is asked in one turn of the loop
goes out in one piece. `wire.py` is the same for threads, and for a Redis Cluster.

Whoever cannot be answered here asks on a thread: while the connection is being made, for half a second after it failed,
and for good where Redis turns out to be a cluster.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast

import hiredis
import structlog
from redis.connection import SSLConnection, UnixDomainSocketConnection

from accounts.wire import REST, TIMEOUT, connected, greeting, options_of, pack

log = structlog.get_logger(__name__)
_LOOKS: Final = TIMEOUT / 5  # seconds between two looks at what is waiting
# A process that stood still itself reads first what came meanwhile: timers are asked before sockets.
_LOOKS_AGAIN: Final = 0.01  # seconds
# So many commands leave together: Redis begins with them while the next calls are read.
_TOGETHER: Final = 8

# Gets what Redis answered, an error as a value; None where it did not in time. Raises nothing.
Told = Callable[[Any], None]


class Pipeline:
    """A Redis, by its URL."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self._url = url
        self._options = options_of(url)
        self._loop = loop
        self._link: _Link | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._rests_until = 0.0

    def ask(self, packed: bytes, told: Told) -> bool:
        """Send one packed command. False where that cannot be done now: then `told` is never called."""
        link = self._link
        if link is None:
            self._connect()
            return False
        link.ask(packed, told)
        return True

    def _connect(self) -> None:
        if self._connecting is None and self._loop.time() >= self._rests_until:
            self._connecting = self._loop.create_task(self._connected())

    async def _connected(self) -> None:
        link: _Link | None = None
        try:
            async with asyncio.timeout(TIMEOUT):
                link = await self._opened()
                for command in greeting(self._options):
                    reply = await link.answer(pack(*command))
                    if isinstance(reply, hiredis.ReplyError):
                        raise OSError(str(reply))
            self._link = link
        except (OSError, UnicodeError) as error:
            self._failed(str(error))
            if link is not None:
                link.abort()
        finally:
            self._connecting = None

    async def _opened(self) -> "_Link":
        options, made = self._options, lambda: _Link(self._loop, self._lost)
        if options.get("connection_class") is UnixDomainSocketConnection:
            _transport, link = await self._loop.create_unix_connection(made, options["path"])
            return link
        context = ssl.create_default_context() if options.get("connection_class") is SSLConnection else None
        host, port = options.get("host", "localhost"), options.get("port", 6379)
        _transport, link = await self._loop.create_connection(made, host, port, ssl=context)
        return link

    def _lost(self, link: "_Link", why: str, *, for_good: bool) -> None:
        """Others than the one that is in use have nobody waiting."""
        if link is self._link:
            self._failed(why, for_good=for_good)

    def _failed(self, why: str, *, for_good: bool = False) -> None:
        """Whoever asks meanwhile is told so at once, and who asks on a thread too: what was under way here may have
        been done, and must not be done twice."""
        self._link = None
        self._rests_until = float("inf") if for_good else self._loop.time() + REST
        if not for_good:
            connected(self._url).rest()
        log.warning("redis_pipeline_lost", why=why)


class _Link(asyncio.Protocol):
    """One connection. What it answers comes in the order of what was asked."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[..., None]) -> None:
        self._loop, self._lost = loop, lost
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[Told, float]] = deque()
        self._leaving: list[bytes] = []
        self._looking: asyncio.TimerHandle | None = None
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # What a stream's protocol gets.
        # What is written leaves at once.
        self._transport.set_write_buffer_limits(high=0)

    def ask(self, packed: bytes, told: Told) -> None:
        if self._ended:
            told(None)
            return
        self._waiting.append((told, self._loop.time()))
        self._leaving.append(packed)
        if len(self._leaving) >= _TOGETHER:
            self._leave()
        elif len(self._leaving) == 1:
            self._loop.call_soon(self._leave)

    async def answer(self, packed: bytes) -> Any:
        """Raises OSError where there is none."""
        answered = self._loop.create_future()
        self.ask(packed, lambda reply: None if answered.done() else answered.set_result(reply))
        reply = await answered
        if reply is None:
            raise OSError("Redis closes the connection.")
        return reply

    def _leave(self) -> None:
        if self._leaving:
            self._transport.write(b"".join(self._leaving))
            self._leaving.clear()
            if self._looking is None:
                self._looking = self._loop.call_later(_LOOKS, self._look)

    def data_received(self, data: bytes) -> None:
        reader, waiting = self._reader, self._waiting
        reader.feed(data)
        try:
            while (reply := reader.gets()) is not False:
                if not waiting:
                    self._end("Redis says what nobody asked.")
                    return
                told, _asked_at = waiting.popleft()
                if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("MOVED "):
                    self._end(str(reply), for_good=True)
                told(reply)
        except hiredis.ProtocolError as error:
            self._end(str(error))

    def _look(self, late: tuple[Told, float] | None = None) -> None:
        """Whether the longest waiting one waits for too long, and still does at the second look."""
        self._looking = None
        if not self._waiting:
            return
        longest = self._waiting[0]
        if longest is late:
            self._end("Redis does not answer in time.")
        elif self._loop.time() - longest[1] > TIMEOUT:
            self._looking = self._loop.call_later(_LOOKS_AGAIN, self._look, longest)
        else:
            self._looking = self._loop.call_later(_LOOKS, self._look)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(str(error or "Redis closes the connection."))

    def _end(self, why: str, *, for_good: bool = False) -> None:
        if self._ended:
            return
        self.abort()
        self._lost(self, why, for_good=for_good)
        while self._waiting:
            self._waiting.popleft()[0](None)

    def abort(self) -> None:
        self._ended = True
        self._transport.abort()
