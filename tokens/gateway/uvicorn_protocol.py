"""Ordinary calls on the server's event loop: read, sent on to Redis with all that came in the same moment, and told
when it answers, with no thread, task or queue between. What is not ordinary goes the way of all other requests:
whatever this does not answer, uvicorn's own protocol does.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, lru_cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog
from django.conf import settings
from django.utils import translation
from msgspec import structs
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from accounts.pipeline import Pipeline
from tokens.gateway import catalogues, express, housekeeping, languages, metering, service, store
from tokens.gateway.ask import Missed, Pass, Spent
from tokens.gateway.confirming import Confirmed
from tokens.gateway.confirming_on_loop import Confirmer
from tokens.gateway.http import Call, Ready, body_of, head_of, headers_of, variable
from tokens.gateway.protocols import ordinary
from tokens.gateway.protocols.ordinary import Asking
from tokens.gateway.wsgi import ORDINARY, answered

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = structlog.get_logger(__name__)
# Of one request's address and headers, in bytes.
LONGEST: Final = 1 << 16
# What is not answered at once waits for PostgreSQL in one of these.
THREADS: Final = 4
_ORDINARY: Final = {path.encode(): answer for path, answer in ORDINARY.items()}
_LEFT_TO_UVICORN: Final = frozenset({"", "HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE"})


class GatewayProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # As uvicorn has it.
        super().connection_made(transport)
        self._remote = self.client[0] if self.client else ""
        self._answers = self.answers(self._remote)
        self._environ: WSGIEnvironment | None = None
        self._in_headers, self._read_since, self._idle_since = False, 0, self.loop.time()
        self._look_in(self.timeout_keep_alive)

    def answers(self, remote: str) -> bool:
        """Whether whoever calls from that address is answered here. Others hear why where pages are served."""
        return True

    # --- Reading ------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Headers without an end would fill the memory."""
        self._read_since += len(data)
        if self._read_since > LONGEST and self._in_headers:
            self.send_400_response("The headers are too long.")
            return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._environ, self._body = None, b""
        self._in_headers, self._read_since, self._idle_since = True, 0, self.loop.time()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        path, _mark, query = self.url.partition(b"?")
        usual = _ORDINARY.get(path)
        environ = self._environ_of(path, query) if usual and self._is_free() else None
        if usual is None or environ is None:
            self._leave_headers()
        else:
            self._environ, self._usual = environ, usual

    def _leave_headers(self) -> None:
        """To uvicorn, with the scope that it makes when a request begins. A name with an underscore would be taken for
        the one with a hyphen, which a proxy may have looked at. What the parser's callbacks raise is answered 400."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        if not url.isascii():
            raise ValueError("An address has ASCII characters only.")
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += [(name, value) for name, value in headers if b"_" not in name]
        super().on_headers_complete()

    def _is_free(self) -> bool:
        """Whether nothing is being answered or told on this connection, nor expected but the request itself."""
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        return self._answers and not (self.flow.write_paused or self.expect_100_continue)

    def _environ_of(self, path: bytes, query: bytes) -> "WSGIEnvironment | None":
        """None for a request that is too large to be looked at whole, or whose end is told in another way."""
        if self.parser.get_http_version() != "1.1" or not query.isascii():
            return None
        environ: WSGIEnvironment = {_variable(name): value.decode("latin-1") for name, value in self.headers}
        if (
            len(environ) != len(self.headers)
            or len(environ.get("CONTENT_LENGTH", "")) > ordinary.DIGITS
            or not _LEFT_TO_UVICORN.isdisjoint(environ)
        ):
            return None
        environ["REQUEST_METHOD"] = self.parser.get_method().decode("ascii")
        environ["PATH_INFO"] = path.decode("ascii")
        environ["QUERY_STRING"] = query.decode("ascii")
        environ["REMOTE_ADDR"] = self._remote
        environ["wsgi.input_terminated"] = True
        return environ

    def on_body(self, body: bytes) -> None:
        if self._environ is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        environ = self._environ
        if environ is None:
            super().on_message_complete()
            return
        self._environ = None
        housekeeping.ensure()
        environ["wsgi.input"] = BytesIO(self._body)
        try:
            found = self._usual(environ)
        except Exception as error:  # noqa: BLE001  It is answered and logged as any other.
            found = Call(environ, failed=error)
        if isinstance(found, Call) and found.asked is None and found.failed is None:
            self._hand_over()
            return
        turn = _Turn(keep_alive=self.parser.should_keep_alive())
        self.cycle = turn  # type: ignore[assignment]  # All that uvicorn looks at it has.
        if isinstance(found, Asking):
            self._ask(turn, found)
        else:
            self._tell(turn, found)

    def _hand_over(self) -> None:
        """Have uvicorn do from here on what it would have done."""
        self._leave_headers()
        if self._body:
            super().on_body(self._body)
        super().on_message_complete()

    # --- Asking Redis -------------------------------------------------------------------------------------

    def _ask(self, turn: "_Turn", asking: Asking) -> None:
        if not _pipeline(self.loop).ask(asking.taking.packed(), partial(self._asked, turn, asking)):
            self._wait(turn, asking.environ, partial(_anew, asking))

    def _asked(self, turn: "_Turn", asking: Asking, reply: Any) -> None:
        """What Redis did not do is asked anew on a thread, and what it may have done without telling is not."""
        if not isinstance(reply, list):
            rest = partial(ordinary.finished, asking, express.NOTHING) if reply is None else partial(_anew, asking)
            self._wait(turn, asking.environ, rest)
            return
        try:
            taken = store.read_stored(reply)
            found = express.read(asking.taking, taken)
            if found is None and taken is not None and taken.blob is not None:
                found = self._given_back(asking, *express.not_allowed(asking.taking, taken, taken.blob))
                if found.rights and self._confirm(turn, asking, found, found.rights):
                    return
            self._tell(turn, ordinary.finished(asking, found or express.NOTHING))
        except Exception as error:  # noqa: BLE001  It is answered and logged as any other.
            self._tell(turn, Call(asking.environ, failed=error))

    def _given_back(self, asking: Asking, spent: Spent, missed: Missed) -> Missed:
        """Nobody waits for it. A Redis that does not know the script yet is told it on a thread."""
        anew = partial(_threads().submit, metering.give_back, spent, asking.taking.now)
        packed = store.giving_back(spent, asking.taking.now)

        def told(reply: Any) -> None:
            if isinstance(reply, Exception):
                anew()

        if not _pipeline(self.loop).ask(packed, told):
            anew()
        return missed

    # --- Asking PostgreSQL --------------------------------------------------------------------------------

    def _confirm(self, turn: "_Turn", asking: Asking, missed: Missed, rights: Pass) -> bool:
        """Whether it can be asked whether these are the newest."""
        return _confirmer(self.loop).ask(rights, partial(self._confirmed, turn, asking, missed))

    def _confirmed(self, turn: "_Turn", asking: Asking, missed: Missed, said: Confirmed | None) -> None:
        """What is not confirmed is read anew on a thread."""
        try:
            refused = None
            if said is not None and catalogues.is_at(said.catalogue_version):
                # What a refusal tells is in the language that is active.
                translation.activate(languages.preferred(asking.environ.get("HTTP_ACCEPT_LANGUAGE", "")))
                refused = service.refused_by(asking.taking.ask, missed, said)
            left = ordinary.finished(asking, structs.replace(missed, rights=None, refused=refused))
            if refused is None:
                self._tell(turn, left)
            else:
                self._write(turn, _as_told(left))
        except Exception as error:  # noqa: BLE001  It is answered and logged as any other.
            self._tell(turn, Call(asking.environ, failed=error))

    # --- Telling ------------------------------------------------------------------------------------------

    def _tell(self, turn: "_Turn", found: Ready | Call) -> None:
        if isinstance(found, Ready):
            self._write(turn, Told(200, found.head, found.body))
        else:
            self._wait(turn, found.environ, lambda: found)

    def _wait(self, turn: "_Turn", environ: "WSGIEnvironment", rest: Callable[[], Ready | Call]) -> None:
        """Answer from a thread, which may wait for PostgreSQL and Redis."""
        waiting = _threads().submit(_told, environ, rest)
        waiting.add_done_callback(lambda done: self.loop.call_soon_threadsafe(self._waited, turn, done))

    def _waited(self, turn: "_Turn", done: "Future[Told]") -> None:
        error = done.exception()
        if error is None:
            self._write(turn, done.result())
        else:
            log.error("gateway_failed", exc_info=error)
            self.transport.close()

    def _write(self, turn: "_Turn", told: "Told") -> None:
        turn.response_complete = True
        if turn.disconnected or self.transport.is_closing():
            return
        last = b"\r\n" if turn.keep_alive else b"Connection: close\r\n\r\n"
        date = b"".join([b"%b: %b\r\n" % header for header in self.server_state.default_headers])
        head = told.head.encode("latin-1")
        self.transport.write(b"".join((STATUS_LINE[told.status], date, head, last, told.body)))
        if not turn.keep_alive:
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
        """Headers that do not end are no sign of life."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._idle_since = self.loop.time()
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_in(left)
        else:
            super().timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        pass

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()


class Told(NamedTuple):
    """An answer, as it is written."""

    status: int
    head: str
    body: bytes


class _Nobody:
    """Who waits for uvicorn's own cycle to go on."""

    def set(self) -> None:
        pass


class _Turn:
    """One call of this connection: what uvicorn knows of its own requests, so that what is sent behind it waits."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")
    message_event: Final = _Nobody()

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive, self.disconnected, self.response_complete = keep_alive, False, False


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
    return Told(answer.status, head_of(headers_of(found, answer)), body_of(found, answer))


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


@lru_cache(maxsize=1024)
def _variable(header: bytes) -> str:
    """Empty for what uvicorn's way leaves out."""
    return "" if b"_" in header else variable(header.decode("latin-1"))
