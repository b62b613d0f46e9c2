"""The heads of ordinary requests: as WSGI has them, and those that were read before.

A gateway asks in the same words again and again: of `POST /v1/decisions` the body alone differs, and of forward-auth's
the credential, where the same caller, or another one of the same address, does the same again. The same bytes say the
same, so a head that the parser has read whole is looked up the next time, by all but its credential.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tokens.gateway.http import variable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Of a Content-Length: longer asks are unusual.
DIGITS: Final = 4
_MOST, _LONGEST = 1024, 2048
_MOST_NAMES, _LONGEST_NAME = 1024, 64
_LINE: Final = b"\r\n"
_END: Final = b"\r\n\r\n"
# Names of headers are written in one of two ways, by nearly all.
_AUTHORIZATION: Final = b"\r\nAuthorization: Bearer "
_IN_SMALL_LETTERS: Final = b"\r\nauthorization: Bearer "
_LEFT_TO_UVICORN: Final = frozenset({"HTTP_EXPECT", "HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE"})

# Who answers an ordinary request.
Usual = Callable[["WSGIEnvironment"], Any]


class Head(NamedTuple):
    """`environ`: all but who sends it, its credential, and its body of `length` bytes."""

    answer: Usual
    environ: "WSGIEnvironment"
    length: int


_Around = tuple[bytes, bytes]
# What comes before and after the credential in a head, the credential, and the body.
Parts = tuple[_Around, bytes, bytes]
_known: dict[_Around, Head] = {}


def known(parts: Parts) -> "tuple[Usual, WSGIEnvironment, bytes] | None":
    """Who answers a request that is all of these, its head and its body. None for one whose head is not known, or that
    is not all there, or that another one follows."""
    around, credential, body = parts
    head = _known.get(around)
    if head is None or len(body) != head.length or not _is_plain(credential):
        return None
    return head.answer, {**head.environ, "HTTP_AUTHORIZATION": "Bearer " + credential.decode("ascii")}, body


def remember(parts: Parts, head: Head) -> None:
    """A request with that head, of which the parser has read all, is all of these; else nothing is remembered."""
    around, credential, body = parts
    length = sum(map(len, (*around, _AUTHORIZATION, credential, _LINE, _END)))
    is_whole = len(body) == head.length and length <= _LONGEST
    if is_whole and _is_plain(credential) and head.environ.get("HTTP_AUTHORIZATION") == f"Bearer {credential.decode()}":
        if len(_known) >= _MOST:
            _known.clear()
        _known[around] = head


def parted(data: bytes) -> Parts:
    """What is no request with a credential has none."""
    before, name, rest = data.partition(_AUTHORIZATION)
    if not name:
        before, name, rest = data.partition(_IN_SMALL_LETTERS)
    fields, end, body = rest.partition(_END)
    credential, _line, after = fields.partition(_LINE)
    return (before, after), credential if end else b"", body


def _is_plain(credential: bytes) -> bool:
    """Whether a parser takes it for nothing else, whatever it is."""
    return credential.replace(b"_", b"").isalnum()


class _Variables(dict[bytes, str]):
    """What WSGI calls a header, by its name. Empty for what only uvicorn's way understands or leaves out, and for names
    that are too long to be remembered."""

    def __missing__(self, header: bytes) -> str:
        if b"_" in header or len(header) > _LONGEST_NAME:
            return ""
        found = variable(header.decode("latin-1"))
        if found in _LEFT_TO_UVICORN:
            return ""
        if len(self) >= _MOST_NAMES:
            self.clear()
        self[header] = found
        return found


_variables: Final = _Variables()


def environ_of(
    headers: list[tuple[bytes, bytes]], method: bytes, path: str, query: str = ""
) -> "WSGIEnvironment | None":
    """None for a request with a header that comes twice, or is not for WSGI; for one that is too large to be looked at
    whole, or whose end is told in another way; and for one that names no host or several."""
    environ: WSGIEnvironment = {_variables[name]: value.decode("latin-1") for name, value in headers}
    if len(environ) != len(headers) or "" in environ or "HTTP_HOST" not in environ:
        return None
    if len(environ.get("CONTENT_LENGTH", "")) > DIGITS:
        return None
    environ["REQUEST_METHOD"] = method.decode("ascii")
    environ["PATH_INFO"] = path
    environ["QUERY_STRING"] = query
    environ["wsgi.input_terminated"] = True
    return environ
