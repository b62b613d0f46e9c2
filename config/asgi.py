"""What the server is given: a protocol that answers ordinary calls of gateways itself, and an application for all other
requests, which are served by threads, as the one WSGI callable."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import Receive, ReceiveEvent, Scope, Send, SendEvent
from a2wsgi.wsgi_typing import Environ, StartResponse

# Sets Django up, which the protocol's modules need.
from config import wsgi
from tokens.gateway.uvicorn_protocol import GatewayProtocol

if TYPE_CHECKING:
    from wsgiref.types import StartResponse as WSGIStartResponse

__all__ = ["Protocol", "application"]
THREADS = 4
AHEAD = 1 << 20  # bytes; of longer bodies the rest is read by the thread
MOST_SECONDS = 20  # in which nothing of that comes


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
    body, more = bytearray(), True
    while more and len(body) <= AHEAD:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += cast(bytes, message.get("body", b""))
        more = cast(bool, message.get("more_body", False))
    ahead: list[ReceiveEvent] = [{"type": "http.request", "body": bytes(body), "more_body": more}]
    failed: list[Exception] = []

    async def whole() -> ReceiveEvent:
        """A body that was cut off must not be taken for one that ended."""
        if ahead:
            return ahead.pop()
        async with asyncio.timeout(MOST_SECONDS):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("The caller went away.")
        return message

    async def told(message: SendEvent) -> None:
        """A thread whose answer cannot be sent is heard out: it would wait for ever."""
        if not failed:
            try:
                await send(message)
            except Exception as error:  # noqa: BLE001  It is raised once the thread is done.
                failed.append(error)

    await _threads(scope, whole, told)
    if failed:
        raise failed[0]
