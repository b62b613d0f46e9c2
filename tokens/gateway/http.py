"""HTTP as the gateway's paths see it: one call, one answer, and what is wrong with a call before any decision."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from django.utils.translation import gettext as _

from tokens.gateway.ask import Asked

_encode = msgspec.json.Encoder().encode

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON = "application/json"
PROBLEM = "application/problem+json"
READ_AT_ONCE = 1 << 16
# Of what was left unread. A server that answers before it has read all may lose its answer to a long body on the
# way; but one that reads on holds a thread for as long as it is kept waiting, so strangers are not waited for.
DRAINED_OF_GATEWAYS = 1 << 26

Headers = tuple[tuple[str, str], ...]


class Fault(Exception):
    """A call that cannot be answered with a decision. `code` is stable, `detail` is for people."""

    def __init__(self, status: int, code: str, detail: str, *, param: str | None = None, headers: Headers = ()) -> None:
        self.status, self.code, self.detail, self.param, self.headers = status, code, detail, param, headers
        super().__init__(detail)


def method_not_allowed(methods: tuple[str, ...]) -> Fault:
    allow = ", ".join(methods)
    message = _("This address takes %(methods)s.") % {"methods": allow}
    return Fault(405, "method_not_allowed", message, headers=(("Allow", allow),))


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Headers = ()
    cache_control: str = "no-store"


def json_answer(status: int, body: Mapping[str, Any], *, headers: Headers = (), content_type: str = JSON) -> Answer:
    """UTF-8; with escapes where the text that came in is none, so that the bytes that go out are valid."""
    try:
        encoded = _encode(body)
    except UnicodeEncodeError:
        encoded = json.dumps(body, separators=(",", ":")).encode("ascii")
    return Answer(status, encoded, content_type, headers)


@dataclass(slots=True)
class Call:
    """One request. Header values are Latin-1, as WSGI gives them. `begun`: what was read of its body already. `asked`:
    what was found to be an ordinary ask."""

    environ: "WSGIEnvironment"
    drained: int = 0
    request_id: str = ""
    begun: bytes = b""
    asked: Asked | None = None
    failed: Exception | None = None
    _read: bytes | None = field(default=None, init=False)
    _all_read: bool = field(default=False, init=False)

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return str(self.environ.get("PATH_INFO", ""))

    @property
    def query(self) -> str:
        return str(self.environ.get("QUERY_STRING", ""))

    @property
    def remote_address(self) -> str:
        return str(self.environ.get("REMOTE_ADDR", ""))

    def header(self, name: str) -> str | None:
        """A header's value, or None where it was not sent. An empty name is no header."""
        value = self.environ.get(variable(name))
        return None if value is None else str(value)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def declared_length(self) -> int | None:
        """Content-Length; None where none was sent, as with chunked bodies. Raises Fault."""
        text = self.header("Content-Length")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise Fault(400, "invalid_request", _("Content-Length is not a number."))
        return int(text)

    def body(self, limit: int) -> bytes | None:
        """The body; None where it is longer than `limit` bytes. Never holds more than one byte beyond the limit."""
        length = self.declared_length
        if length is not None and length > limit:
            return None
        if self._read is None:
            self._read = self._read_up_to(limit + 1 if length is None else length)
            self._all_read = len(self._read) == length
        return None if len(self._read) > limit else self._read

    def _read_up_to(self, most: int) -> bytes:
        if self.declared_length is None and not self.environ.get("wsgi.input_terminated"):
            return b""
        pieces, left = [self.begun], most - len(self.begun)
        while left > 0 and (piece := self.environ["wsgi.input"].read(min(left, READ_AT_ONCE))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    @property
    def cut_off(self) -> bool:
        """Whether a body is left on the connection, which then serves no other call."""
        sent = self.header("Content-Length") not in {None, "0"} or self.header("Transfer-Encoding") is not None
        return sent and self.drained == 0

    def drain(self) -> None:
        """Read and drop what was left unread, up to `drained` bytes."""
        left = self.drained
        if self._all_read or not self.environ.get("wsgi.input_terminated"):
            return
        while left > 0 and (piece := self.environ["wsgi.input"].read(READ_AT_ONCE)):
            left -= len(piece)


@lru_cache(maxsize=256)
def variable(header: str) -> str:
    """What WSGI calls it."""
    name = header.upper().replace("-", "_")
    if not name:
        return ""
    return name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


# What every answer has, in JSON or without a body.
ALWAYS: Headers = (
    ("Content-Type", JSON),
    ("Cache-Control", "no-store"),
    ("Vary", "Accept-Language"),
    ("X-Content-Type-Options", "nosniff"),
)


class Ready(msgspec.Struct, frozen=True, gc=False):
    """A 200, as it is written: the lines of its headers, each with its end, and its body."""

    head: str
    body: bytes = b""

    @property
    def headers(self) -> list[tuple[str, str]]:
        pairs = (line.split(": ", 1) for line in self.head.split("\r\n")[:-1])
        return [(name, value) for name, value in pairs]


def head_of(headers: Iterable[tuple[str, str]]) -> str:
    """Raises ValueError for a value that would be more than one line."""
    lines = [f"{name}: {value}" for name, value in headers]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("A header has one line.")
    return "".join(f"{line}\r\n" for line in lines)


def headers_of(call: Call, answer: Answer) -> list[tuple[str, str]]:
    return [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(answer.body))),
        ("Cache-Control", answer.cache_control),
        ("Vary", "Accept-Language"),
        ("X-Content-Type-Options", "nosniff"),
        *answer.headers,
        *((("Connection", "close"),) if call.cut_off else ()),
    ]


def body_of(call: Call, answer: Answer) -> bytes:
    return b"" if call.method == "HEAD" else answer.body


def respond(call: Call, answer: Answer, start_response: "StartResponse") -> Iterable[bytes]:
    start_response(_status_line(answer.status), headers_of(call, answer))
    body = body_of(call, answer)
    return [body] if body else []
