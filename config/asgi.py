"""What the server is given: a protocol that answers ordinary calls of gateways itself, and an application for all other
requests, which are served by threads, as the one WSGI callable."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import Receive, ReceiveEvent, Scope, Send
from a2wsgi.wsgi_typing import Environ, StartResponse

# Sets Django up, which the protocol's modules need.
from config import wsgi
from tokens.gateway.uvicorn_protocol import Protocol

if TYPE_CHECKING:
    from wsgiref.types import StartResponse as WSGIStartResponse

__all__ = ["Protocol", "application"]
THREADS = 4


def _served(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    given = {**environ, "wsgi.input_terminated": True}
    return wsgi.application(given, cast("WSGIStartResponse", start_response))


_threads = WSGIMiddleware(_served, workers=THREADS)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    async def whole() -> ReceiveEvent:
        """A body that was cut off must not be taken for one that ended."""
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("The caller went away.")
        return message

    await _threads(scope, whole, send)
