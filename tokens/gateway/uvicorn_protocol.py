"""Ordinary calls on the server's event loop: read, sent on to Redis with all that came in the same moment, and told
when it answers, with no thread, task or queue between. What is not ordinary goes the way of all other requests:
whatever this does not answer, uvicorn's own protocol does.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import structlog
from django.conf import settings
from django.utils import translation
from msgspec import structs
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from accounts.pipeline import Pipeline
from tokens.gateway import (
    catalogues,
    express,
    heads,
    housekeeping,
    languages,
    metering,
    metrics,
    renewals,
    service,
    store,
)
from tokens.gateway.ask import Missed, Pass, Spent
from tokens.gateway.confirming import Confirmed
from tokens.gateway.confirming_on_loop import Confirmer
from tokens.gateway.framing import Framed
from tokens.gateway.heads import Head, Usual
from tokens.gateway.http import Call, Ready, body_of, head_of, headers_of
from tokens.gateway.protocols import ordinary
from tokens.gateway.protocols.ordinary import Asking
from tokens.gateway.renewals import Aged
from tokens.gateway.store import Taken
from tokens.gateway.turns import Told, Turn, lines
from tokens.gateway.wsgi import ORDINARY, answered

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = structlog.get_logger(__name__)
# Of one request's address and headers, in bytes.
LONGEST: Final = 1 << 16
# What is not answered at once waits for PostgreSQL in one of these.
THREADS: Final = 4
# By the whole address: with another query no call is ordinary.
_ORDINARY: Final = {
    (f"{path}?{query}" if query else path).encode(): (answer, path, query)
    for path, answer in ORDINARY.items()
    for query in ordinary.QUERIES
}


class GatewayProtocol(Framed):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # As uvicorn has it.
        super().connection_made(transport)
        # What is written leaves at once, and not once all other calls of the moment are done.
        transport.set_write_buffer_limits(high=0)
        self._remote = self.client[0] if self.client else ""
        self._answers = self.answers(self._remote)
        self._redis = _pipeline(self.loop)
        self._environ: WSGIEnvironment | None = None
        self._is_dropped, self._read_since, self._idle_since = False, 0, self.loop.time()
        # Whether nothing but the next request can come.
        self._is_between = True
        # Of what came last: how many requests began in it, and the head of an ordinary one that was answered.
        self._begun = 0
        self._head: Head | None = None
        self._look_in(self.timeout_keep_alive)

    def answers(self, remote: str) -> bool:
        """Whether whoever calls from that address is answered here. Others hear why where pages are served."""
        return True

    # --- Reading ------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """What is neither a body nor comes to an end, such as headers and trailers, would fill the memory."""
        parts = heads.parted(data) if self._is_between else None
        if parts is not None and self._is_known(parts):
            return
        self._begun, self._head = 0, None
        self._read_since += len(data)
        super().data_received(data)
        if parts is not None and self._begun == 1 and self._head is not None:
            heads.remember(parts, self._head)
        if self._read_since > LONGEST and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")

    def _is_known(self, parts: heads.Parts) -> bool:
        """Whether it was a request with a head that was read before, and is answered."""
        found = heads.known(parts)
        if found is None or not self._is_free() or self.transport.is_closing():
            return False
        self._read_since, self._idle_since = 0, self.loop.time()
        return self._is_answered(*found, keep_alive=True)

    def on_message_begin(self) -> None:
        self._is_between, self._begun = False, self._begun + 1
        self.url, self.headers = b"", []
        self._environ, self._body = None, b""
        self._read_since, self._idle_since = 0, self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        # Nobody is there any more to be answered.
        self._is_dropped = self.transport.is_closing()
        if self._is_dropped:
            return
        usual = _ORDINARY.get(self.url)
        if usual is not None and self._is_free() and self.parser.get_http_version() == "1.1":
            self._usual, path, query = usual
            self._environ = heads.environ_of(self.headers, self.parser.get_method(), path, query)
        if self._environ is None:
            self._leave_headers()

    def _leave_headers(self) -> None:
        """To uvicorn, with the scope that it makes when a request begins. A name with an underscore would be taken for
        the one with a hyphen, which a proxy may have looked at. What the parser's callbacks raise is answered 400."""
        url, headers = self.url, self.headers
        if not url.isascii():
            raise ValueError("An address has ASCII characters only.")
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            if b"_" not in name:
                super().on_header(name, value)
        super().on_headers_complete()
        # Trailers, which a proxy may not have looked at, come after the body and are nobody's headers.
        self.headers = []

    def _is_free(self) -> bool:
        """Whether nothing is being answered or told on this connection."""
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        return self._answers and not self.flow.write_paused

    def on_body(self, body: bytes) -> None:
        self._read_since, self._idle_since = 0, self.loop.time()
        if self._environ is not None:
            self._body += body
        elif not self._is_dropped:
            super().on_body(body)

    def on_message_complete(self) -> None:
        environ = self._environ
        if environ is None:
            if not self._is_dropped:
                super().on_message_complete()
            return
        self._environ = None
        body, keep_alive = self._body, self.parser.should_keep_alive()
        head = Head(self._usual, {**environ}, len(body))
        if not self._is_answered(self._usual, environ, body, keep_alive=keep_alive):
            self._hand_over()
            return
        self._is_between = keep_alive
        self._head = head if keep_alive else None

    def _is_answered(self, answer: Usual, environ: "WSGIEnvironment", body: bytes, *, keep_alive: bool) -> bool:
        """Whether that is an ordinary request. It is answered at once, or once Redis or a thread has."""
        housekeeping.ensure()
        environ["REMOTE_ADDR"], environ["wsgi.input"] = self._remote, BytesIO(body)
        try:
            found = answer(environ)
        except Exception as error:  # noqa: BLE001  It is answered and logged as any other.
            found = Call(environ, failed=error)
        if isinstance(found, Call) and found.asked is None and found.failed is None:
            return False
        turn = Turn(keep_alive)
        self.cycle = turn  # type: ignore[assignment]  # All that uvicorn looks at it has.
        if isinstance(found, Asking):
            self._ask(turn, found)
        else:
            self._tell(turn, found)
        return True

    def _hand_over(self) -> None:
        """Have uvicorn do from here on what it would have done."""
        self._leave_headers()
        if self._body:
            super().on_body(self._body)
        super().on_message_complete()

    # --- Asking Redis -------------------------------------------------------------------------------------

    def _ask(self, turn: Turn, asking: Asking) -> None:
        if not self._redis.ask(asking.taking.packed(), partial(self._asked, turn, asking)):
            self._wait(turn, asking.environ, partial(_anew, asking))

    def _asked(self, turn: Turn, asking: Asking, reply: Any) -> None:
        version = store.aged_version(reply)
        if version is None or not self._renew(turn, asking, version):
            self._answered(turn, asking, reply)

    def _answered(self, turn: Turn, asking: Asking, reply: Any) -> None:
        """What Redis did not do is asked anew on a thread, and what it may have done without telling is not."""
        if reply is None or isinstance(reply, Exception):
            rest = partial(ordinary.finished, asking, express.NOTHING) if reply is None else partial(_anew, asking)
            self._wait(turn, asking.environ, rest)
            return
        found: Ready | Call | None
        try:
            found = self._found(turn, asking, store.read_stored(reply))
        except Exception as error:  # noqa: BLE001  It is answered and logged as any other.
            found = Call(asking.environ, failed=error)
        if found is not None:
            self._tell(turn, found)

    def _found(self, turn: Turn, asking: Asking, taken: Taken | None) -> Ready | Call | None:
        """None where PostgreSQL was asked."""
        found = express.read(asking.taking, taken)
        if found is None and taken is not None and taken.rights is not None:
            found = self._given_back(asking, *express.not_allowed(asking.taking, taken, taken.rights))
            if found.rights and self._confirm(turn, asking, found, found.rights):
                return None
        return ordinary.finished(asking, found or express.NOTHING)

    def _given_back(self, asking: Asking, spent: Spent, missed: Missed) -> Missed:
        """Nobody waits for it. A Redis that does not know the script yet is told it on a thread."""
        anew = partial(_threads().submit, metering.give_back, spent, asking.taking.now)
        packed = store.giving_back(spent, asking.taking.now)

        def told(reply: Any) -> None:
            if reply is None:
                log.warning("not_given_back", units=spent.units)
            elif isinstance(reply, Exception):
                anew()

        if not self._redis.ask(packed, told):
            anew()
        return missed

    # --- Asking PostgreSQL --------------------------------------------------------------------------------

    def _renew(self, turn: Turn, asking: Asking, version: int) -> bool:
        """Whether it can be asked whether a pass that is too old to be believed is the newest all the same: a token
        that is called once a minute would otherwise be read anew each time."""
        aged = Aged(asking.taking.workspace, version)
        return _confirmer(self.loop).ask(aged, partial(self._renewed, turn, asking, aged))

    def _renewed(self, turn: Turn, asking: Asking, aged: Aged, said: Confirmed | None) -> None:
        """Redis is told first, and asked again in the same breath. What is too old once more is read anew."""
        if said is None:
            self._tell(turn, ordinary.finished(asking, express.NOTHING))
            return
        metrics.count(metrics.Event.PASS_CONFIRMED)
        read_at = said.now.timestamp()
        anew = partial(_threads().submit, renewals.confirm, aged, read_at)

        def told(reply: Any) -> None:
            if isinstance(reply, Exception):
                anew()

        self._redis.ask(store.confirming(*aged, read_at), told)
        if not self._redis.ask(asking.taking.packed(), partial(self._answered, turn, asking)):
            self._wait(turn, asking.environ, partial(_anew, asking))

    def _confirm(self, turn: Turn, asking: Asking, missed: Missed, rights: Pass) -> bool:
        """Whether it can be asked whether these are the newest."""
        return _confirmer(self.loop).ask(rights, partial(self._confirmed, turn, asking, missed))

    def _confirmed(self, turn: Turn, asking: Asking, missed: Missed, said: Confirmed | None) -> None:
        """What is not confirmed is read anew on a thread."""
        told = None
        left = ordinary.finished(asking, structs.replace(missed, rights=None))
        try:
            catalogue = catalogues.kept(said.catalogue_version) if said else None
            if said and catalogue:
                # What a refusal tells is in the language that is active.
                translation.activate(languages.preferred(asking.environ.get("HTTP_ACCEPT_LANGUAGE", "")))
                refused = service.refused_by(catalogue, asking.taking.ask, missed, said.now)
                if refused is not None:
                    told = _as_told(ordinary.finished(asking, structs.replace(missed, rights=None, refused=refused)))
        except Exception as error:  # noqa: BLE001  It is answered and logged as any other.
            left = Call(asking.environ, failed=error)
        if told is None:
            self._tell(turn, left)
        else:
            self._write(turn, *told)

    # --- Telling ------------------------------------------------------------------------------------------

    def _tell(self, turn: Turn, found: Ready | Call) -> None:
        if isinstance(found, Ready):
            self._write(turn, 200, found.head, found.body)
        else:
            self._wait(turn, found.environ, lambda: found)

    def _wait(self, turn: Turn, environ: "WSGIEnvironment", rest: Callable[[], Ready | Call]) -> None:
        """Answer from a thread, which may wait for PostgreSQL and Redis."""
        waiting = _threads().submit(_told, environ, rest)
        waiting.add_done_callback(lambda done: self.loop.call_soon_threadsafe(self._waited, turn, done))

    def _waited(self, turn: Turn, done: "Future[Told]") -> None:
        error = done.exception()
        if error is None:
            self._write(turn, *done.result())
        else:
            log.error("gateway_failed", exc_info=error)
            self.transport.close()

    def _write(self, turn: Turn, status: int, head: str, body: bytes, closes: bool = False) -> None:
        turn.response_complete = True
        if turn.disconnected or self.transport.is_closing():
            return
        last = b"\r\n" if closes or turn.keep_alive else b"Connection: close\r\n\r\n"
        date = lines(self.server_state)
        self.transport.write(b"".join((STATUS_LINE[status], date, head.encode("latin-1"), last, body)))
        if closes or not turn.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # --- Being idle ---------------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """What uvicorn does, but for a timer that is armed and disarmed with each call: it is left, and looks itself
        how long nothing came."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._idle_since = self.loop.time()

    def _look_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Neither headers nor a body that do not go on are a sign of life, nor is a caller that does not listen."""
        cycle = self.cycle
        if cycle is not None and not (cycle.response_complete or cycle.more_body or self.flow.write_paused):
            self._idle_since = self.loop.time()
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_in(left)
        elif (cycle is None or cycle.response_complete) and not self.flow.write_paused:
            super().timeout_keep_alive_handler()
        else:
            self.transport.abort()

    def _unset_keepalive_if_required(self) -> None:
        pass

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()


# --- On a thread ------------------------------------------------------------------------------------------


def _anew(asking: Asking) -> Ready | Call:
    return ordinary.finished(asking, express.waited(asking.taking))


def _told(environ: "WSGIEnvironment", rest: Callable[[], Ready | Call]) -> Told:
    try:
        found = rest()
    except Exception as error:  # noqa: BLE001  It is answered and logged as any other.
        found = Call(environ, failed=error)
    return _as_told(found)


def _as_told(found: Ready | Call) -> Told:
    if isinstance(found, Ready):
        return Told(200, found.head, found.body)
    answer = answered(found)
    return Told(answer.status, head_of(headers_of(found, answer)), body_of(found, answer), found.cut_off)


# --- What a process has one of ----------------------------------------------------------------------------


@cache
def _pipeline(loop: asyncio.AbstractEventLoop) -> Pipeline:
    return Pipeline(settings.PASS_STORE_URL, loop)


@cache
def _confirmer(loop: asyncio.AbstractEventLoop) -> Confirmer:
    return Confirmer(loop, _threads())


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "gateway")
