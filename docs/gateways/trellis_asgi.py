"""Trellis in front of an ASGI application: every call is decided before the application sees it.

    from trellis_asgi import Trellis

    app = Trellis(app, address="http://127.0.0.1:8000", key=os.environ["TRELLIS_GATEWAY_KEY"])

In Trellis, register a gateway of the kind custom with the headers X-Forwarded-Uri, X-Forwarded-Method, X-Forwarded-For
and X-Model. Whose call it is stands in `scope["trellis"]`: application, workspace, tier, request_id. The application
gets neither the caller's token nor its `?key=` and `?token=`. Only 200 from Trellis lets a call pass: if Trellis cannot
be reached the answer is 503. Put what answers browsers' OPTIONS outside of it. Needs httpx.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, unquote

import httpx

MiB = 1 << 20
WAIT = httpx.Timeout(10.0, connect=2.0)
SHOWN = (b"authorization", b"x-api-key", b"origin", b"accept-language", b"content-type", b"content-encoding")
SECRET = (b"authorization", b"x-api-key")
ANSWERED = (b"content-type", b"retry-after", b"x-should-retry", b"www-authenticate", b"x-request-id")
LIMITS = (b"ratelimit", b"x-ratelimit-")
UNAVAILABLE = (
    b'{"error":{"message":"Access cannot be checked at the moment. Nothing is wrong with your token: try again shortly.'
    b'","type":"api_error","param":null,"code":"unavailable","remedies":[],"also":[],"request_id":null}}'
)

Fields = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Fields]]
Send = Callable[[Fields], Awaitable[None]]
Application = Callable[[Fields, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Trellis:
    """`models`: path → model, for routes that serve one model whatever their callers send. Only there, and where the
    path itself names the model, do bodies over 1 MiB pass."""

    def __init__(self, app: Application, *, address: str, key: str, models: Mapping[str, str] | None = None) -> None:
        self._app, self._key, self._models = app, key, models or {}
        self._client = httpx.AsyncClient(base_url=address, timeout=WAIT, trust_env=False)

    async def __call__(self, scope: Fields, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, self._closing(receive), send)
        else:
            await self._guard(scope, receive, send)

    def _closing(self, receive: Receive) -> Receive:
        async def received() -> Fields:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._client.aclose()
            return message

        return received

    async def _guard(self, scope: Fields, receive: Receive, send: Send) -> None:
        kept = await _first_mebibyte(receive) if scope["type"] == "http" else []
        answer = await self._ask(scope, b"".join(message.get("body", b"") for message in kept))
        if answer is None or not _understood(answer):
            await _refuse(scope, send, 503, [(b"content-type", b"application/json")], UNAVAILABLE)
        elif answer.status_code != 200:
            await _refuse(scope, send, answer.status_code, _chosen(answer, *ANSWERED, *LIMITS), answer.content)
        else:
            await self._app(_decided(scope, answer), _replayed(kept, receive), _limited(answer, send))

    async def _ask(self, scope: Fields, body: bytes) -> httpx.Response | None:
        path = (scope.get("raw_path") or quote(scope["path"]).encode()).partition(b"?")[0]
        query = scope.get("query_string", b"")
        headers: Headers = [(name, value) for name, value in scope["headers"] if name in SHOWN]
        headers += [
            (b"X-Gateway-Key", self._key.encode()),
            (b"X-Forwarded-Uri", path + b"?" + query if query else path),
            (b"X-Forwarded-Method", scope.get("method", "GET").encode()),
        ]
        if scope.get("client"):
            headers.append((b"X-Forwarded-For", scope["client"][0].encode()))
        if scope["path"] in self._models:
            headers.append((b"X-Model", self._models[scope["path"]].encode()))
        try:
            return await self._client.post("/v1/forward-auth", headers=headers, content=body[: MiB + 1])
        except httpx.HTTPError:
            return None


async def _first_mebibyte(receive: Receive) -> list[Fields]:
    """What has come of the body, once it is whole or too long for Trellis to look into."""
    kept: list[Fields] = []
    length, more = 0, True
    while more and length <= MiB:
        message = await receive()
        kept.append(message)
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    return kept


def _replayed(kept: list[Fields], receive: Receive) -> Receive:
    async def received() -> Fields:
        return kept.pop(0) if kept else await receive()

    return received


def _understood(answer: httpx.Response) -> bool:
    """Whether Trellis itself has answered: something else at its address must open nothing."""
    refused = answer.status_code >= 400 and answer.headers.get("content-type") == "application/json"
    return "x-trellis-request-id" in answer.headers and (answer.status_code == 200 or refused)


def _chosen(answer: httpx.Response, *prefixes: bytes) -> Headers:
    return [(name.lower(), value) for name, value in answer.headers.raw if name.lower().startswith(prefixes)]


def _decided(scope: Fields, answer: httpx.Response) -> Fields:
    """For the application: with the decision, without the token."""
    kept = [piece for piece in scope["query_string"].split(b"&") if piece.partition(b"=")[0] not in (b"key", b"token")]
    names = ("application", "workspace", "tier", "request_id")
    values = {name: answer.headers.get(f"x-trellis-{name.replace('_', '-')}") for name in names}
    decision = {name: value if value is None else unquote(value) for name, value in values.items()}
    headers = [(name, value) for name, value in scope["headers"] if name not in SECRET]
    return {**scope, "query_string": b"&".join(kept), "headers": headers, "trellis": decision}


def _limited(answer: httpx.Response, send: Send) -> Send:
    """What is left of the caller's limits goes into the application's answer."""
    limits = _chosen(answer, *LIMITS)

    async def sent(message: Fields) -> None:
        if message["type"] in {"http.response.start", "websocket.accept"}:
            own = [(name, value) for name, value in message.get("headers", []) if not name.lower().startswith(LIMITS)]
            message = {**message, "headers": own + limits}
        await send(message)

    return sent


async def _refuse(scope: Fields, send: Send, status: int, headers: Headers, body: bytes) -> None:
    """A WebSocket that is closed before it was accepted is a 403, where the server cannot answer it otherwise."""
    kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
    if scope["type"] == "websocket" and kind not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
