"""Trellis in front of a WSGI application: every call is decided before the application sees it.

    from trellis_wsgi import Trellis

    application = Trellis(application, address="http://127.0.0.1:8000", key=os.environ["TRELLIS_GATEWAY_KEY"])

In Trellis, register a gateway of the kind custom with the headers X-Forwarded-Uri, X-Forwarded-Method, X-Forwarded-For
and X-Model. Whose call it is stands in `environ["trellis"]`: application, workspace, tier, request_id. The application
gets neither the caller's token nor its `?key=` and `?token=`. Only 200 from Trellis lets a call pass: if Trellis cannot
be reached the answer is 503. Put what answers browsers' OPTIONS outside of it. Needs httpx.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote, unquote

import httpx

MiB = 1 << 20
WAIT = httpx.Timeout(10.0, connect=2.0)
SHOWN = {
    "HTTP_AUTHORIZATION": "Authorization",
    "HTTP_X_API_KEY": "X-Api-Key",
    "HTTP_ORIGIN": "Origin",
    "HTTP_ACCEPT_LANGUAGE": "Accept-Language",
    "CONTENT_TYPE": "Content-Type",
    "HTTP_CONTENT_ENCODING": "Content-Encoding",
}
# The last two hold the query as it was sent, where the server sets them.
SECRET = ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY", "REQUEST_URI", "RAW_URI")
ANSWERED = ("content-type", "retry-after", "x-should-retry", "www-authenticate", "x-request-id")
LIMITS = ("ratelimit", "x-ratelimit-")
UNAVAILABLE = (
    b'{"error":{"message":"Access cannot be checked at the moment. Nothing is wrong with your token: try again shortly.'
    b'","type":"api_error","param":null,"code":"unavailable","remedies":[],"also":[],"request_id":null}}'
)

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Trellis:
    """`models`: path → model, for routes that serve one model whatever their callers send. Only there, and where the
    path itself names the model, do bodies over 1 MiB pass."""

    def __init__(self, app: Application, *, address: str, key: str, models: Mapping[str, str] | None = None) -> None:
        self._app, self._key, self._models = app, key, models or {}
        self._client = httpx.Client(base_url=address, timeout=WAIT, trust_env=False)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = Body(environ)
        answer = self._ask(environ, body.first)
        if answer is None or not _understood(answer):
            return _refuse(start_response, 503, [("Content-Type", "application/json")], UNAVAILABLE)
        if answer.status_code != 200:
            return _refuse(start_response, answer.status_code, _chosen(answer, *ANSWERED, *LIMITS), answer.content)
        return self._app(_decided(environ, answer, body), _limited(answer, start_response))

    def _ask(self, environ: Environ, body: bytes) -> httpx.Response | None:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        uri, query = quote(path.encode("latin-1")), environ.get("QUERY_STRING", "")
        headers = {SHOWN[name]: environ[name].encode("latin-1") for name in SHOWN if environ.get(name) is not None}
        headers["X-Gateway-Key"] = self._key.encode()
        headers["X-Forwarded-Uri"] = (f"{uri}?{query}" if query else uri).encode("latin-1")
        headers["X-Forwarded-Method"] = environ["REQUEST_METHOD"].encode()
        headers["X-Forwarded-For"] = environ.get("REMOTE_ADDR", "").encode()
        if path in self._models:
            headers["X-Model"] = self._models[path].encode()
        try:
            return self._client.post("/v1/forward-auth", headers=headers, content=body)
        except httpx.HTTPError:
            return None


class Body(io.RawIOBase):
    """A call's body: `first` is what Trellis sees, and all of it is read again by the application."""

    def __init__(self, environ: Environ) -> None:
        super().__init__()
        self._rest: Readable = environ["wsgi.input"]
        ends = not environ.get("wsgi.input_terminated")
        self._left = int(environ.get("CONTENT_LENGTH") or 0) if ends else None
        self.first = self._more(MiB + 1)
        while len(self.first) <= MiB and (piece := self._more(MiB + 1 - len(self.first))):
            self.first += piece
        self._unread = self.first

    def _more(self, size: int) -> bytes:
        """No more than was announced: a server's stream may wait for ever for what comes after it."""
        piece = self._rest.read(size if self._left is None else min(size, self._left))
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._unread[: len(buffer)] or self._more(len(buffer))
        self._unread = self._unread[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _understood(answer: httpx.Response) -> bool:
    """Whether Trellis itself has answered: something else at its address must open nothing."""
    refused = answer.status_code >= 400 and answer.headers.get("content-type") == "application/json"
    return "x-trellis-request-id" in answer.headers and (answer.status_code == 200 or refused)


def _chosen(answer: httpx.Response, *prefixes: str) -> Headers:
    return [(name, value) for name, value in answer.headers.multi_items() if name.startswith(prefixes)]


def _decided(environ: Environ, answer: httpx.Response, body: Body) -> Environ:
    """For the application: with the decision, without the token."""
    pieces = environ.get("QUERY_STRING", "").split("&")
    names = ("application", "workspace", "tier", "request_id")
    values = {name: answer.headers.get(f"x-trellis-{name.replace('_', '-')}") for name in names}
    decision = {name: value if value is None else unquote(value) for name, value in values.items()}
    query = "&".join(piece for piece in pieces if piece.partition("=")[0] not in {"key", "token"})
    kept = {name: value for name, value in environ.items() if name not in SECRET}
    return {**kept, "QUERY_STRING": query, "wsgi.input": io.BufferedReader(body), "trellis": decision}


def _limited(answer: httpx.Response, start_response: StartResponse) -> StartResponse:
    """What is left of the caller's limits goes into the application's answer."""

    def started(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], object]:
        own = [(name, value) for name, value in headers if not name.lower().startswith(LIMITS)]
        return start_response(status, own + _chosen(answer, *LIMITS), *rest)

    return started


def _refuse(start_response: StartResponse, status: int, headers: Headers, body: bytes) -> Iterable[bytes]:
    start_response(f"{status} {HTTPStatus(status).phrase}", [*headers, ("Content-Length", str(len(body)))])
    return [body]
