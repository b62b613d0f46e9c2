"""What the server is given: a protocol that answers ordinary calls of gateways itself, and an application for all other
requests, which are served by threads, as the one WSGI callable."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import Receive, ReceiveEvent, Scope, Send
from a2wsgi.wsgi_typing import Environ, StartResponse

# Sets Django up, which the protocol's modules need.
from config import wsgi
from tokens.gateway.uvicorn_protocol import GatewayProtocol

if TYPE_CHECKING:
    from wsgiref.types import StartResponse as WSGIStartResponse

__all__ = ["Protocol", "application"]
THREADS = 4
AHEAD = 1 << 20  # bytes; of longer bodies the rest is read by the thread


class Protocol(GatewayProtocol):
    """One connection to the server."""

    def answers(self, remote: str) -> bool:
        return wsgi.is_welcome(remote)


def _served(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    given = {**environ, "wsgi.input_terminated": True}
    return wsgi.application(given, cast("WSGIStartResponse", start_response))


_threads = WSGIMiddleware(_served, workers=THREADS)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """A thread is taken once the body is there, so that whoever sends slowly holds none."""
    ahead: deque[ReceiveEvent] = deque()
    size = 0
    while size <= AHEAD and not (ahead and _is_last(ahead[-1])):
        ahead.append(await receive())
        size += len(cast(bytes, ahead[-1].get("body", b"")))
    if ahead[-1]["type"] == "http.disconnect":
        return

    async def whole() -> ReceiveEvent:
        """A body that was cut off must not be taken for one that ended."""
        message = ahead.popleft() if ahead else await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("The caller went away.")
        return message

    await _threads(scope, whole, send)


def _is_last(message: ReceiveEvent) -> bool:
    return message["type"] == "http.disconnect" or not message.get("more_body", False)
