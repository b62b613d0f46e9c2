"""What is refused of a request by its head alone: what HTTP itself asks of it, and a body so long that nobody
would wait for it. Of ordinary calls none of this is looked at but whether they name a host."""

import asyncio
import re
from contextlib import suppress
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _
from httptools import HttpParserError, HttpParserInvalidMethodError
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from tokens.gateway import languages, request_ids
from tokens.gateway.http import Answer, Call, Fault, head_of, headers_of
from tokens.gateway.protocols import forwarded, native, openai_errors
from tokens.gateway.turns import lines
from tokens.gateway.upgrades import OneProtocol

# Bytes of a body. One that is merely too long is for its address to refuse, after the key. A forwarded one may pass
# unread.
MOST: Final = 1 << 26
MOST_FORWARDED: Final = 1 << 30
_PROBLEMS: Final = ("/v1/decisions", "/v1/usage/")
# Whoever is still sending is listened to for a moment, or the answer could get lost on its way.
LINGERS_SECONDS: Final = 1.0
_REQUEST_LINE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} [/*]")


class Framed(OneProtocol):
    """A connection on which such a request is answered in its turn, and then no other."""

    def on_headers_complete(self) -> None:
        fault, served = self._fault(), self.app
        if fault is not None:
            self.app = _refusing(fault)
        try:
            super().on_headers_complete()
        finally:
            self.app = served

    def _fault(self) -> Fault | None:
        """In the caller's language."""
        fields = dict(self.headers)
        hosts = sum(name == b"host" for name, _value in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            said = _no_host
        elif int(fields.get(b"content-length") or 0) > _most(self.url.partition(b"?")[0].decode("ascii", "replace")):
            said = _too_large
        else:
            return None
        with translation.override(languages.preferred(fields.get(b"accept-language", b"").decode("latin-1"))):
            return said()

    def not_http(self, error: HttpParserError, data: bytes) -> None:
        """A method that HTTP does not have is told from what is no HTTP at all."""
        if isinstance(error, HttpParserInvalidMethodError) and _REQUEST_LINE.match(data):
            self._end_with(Fault(501, "method_unknown", "HTTP has no such method. Methods are written in capitals."))
        else:
            super().not_http(error, data)

    def send_400_response(self, msg: str) -> None:
        self._end_with(Fault(400, "invalid_request", msg))

    def _end_with(self, fault: Fault) -> None:
        """Whoever waits for an answer must not take this for it."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()
            return
        answer = openai_errors.of_fault(fault, request_ids.new())
        head = f"{head_of(_headers(answer))}\r\n".encode("latin-1")
        self.transport.write(b"".join((STATUS_LINE[fault.status], lines(self.server_state), head, answer.body)))
        self.transport.close()


def _no_host() -> Fault:
    return Fault(400, "invalid_request", _("Name one host, in a Host header, as HTTP/1.1 asks."))


def _too_large() -> Fault:
    return Fault(413, "too_large", _("A body of that length is not read here."))


def _most(path: str) -> int:
    is_forwarded = path == forwarded.PREFIX or path.startswith(f"{forwarded.PREFIX}/")
    return MOST_FORWARDED if is_forwarded else MOST


def _headers(answer: Answer) -> list[tuple[str, str]]:
    return [*headers_of(Call({"REQUEST_METHOD": "GET"}), answer), ("Connection", "close")]


def _refusing(fault: Fault) -> ASGI3Application:
    async def refuse(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        problem = str(scope.get("path", "")).startswith(_PROBLEMS)
        answer = (native.problem if problem else openai_errors.of_fault)(fault, request_ids.new())
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in _headers(answer)]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGERS_SECONDS):
                while (await receive()).get("more_body"):
                    pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return refuse
