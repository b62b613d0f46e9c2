"""Two small applications behind the shipped middleware, which answer with what they saw; run by the servers of the
tests with `docs/gateways` on the path. As a program, the WSGI one under wsgiref."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import trellis_asgi
import trellis_wsgi

MODELS = {"/v1/audio/transcriptions": "whisper-1"}
PIECES = (b"data: Grow", b" well\n\n", b"data: [DONE]\n\n")


def answer(path: str, query: str, names: Iterable[str], body: bytes, decision: dict[str, str]) -> bytes:
    asked = json.loads(body) if body[:1] == b"{" else {}
    message = {"role": "assistant", "content": "Grow well."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    seen = {"path": path, "query": query, "headers": sorted(names), "length": len(body), "decision": decision}
    completion = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": asked.get("model"),
        "choices": [choice],
    }
    return json.dumps({**completion, "seen": {**seen, "digest": sha256(body).hexdigest()}}).encode()


async def asgi_application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    query = scope["query_string"].decode()
    headers = [(b"content-type", b"application/json"), (b"x-ratelimit-limit-requests", b"of the model server's own")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if "stream" in query:
        for piece in PIECES:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body"})
    else:
        names = (name.decode() for name, _ in scope["headers"])
        await send({"type": "http.response.body", "body": answer(scope["path"], query, names, body, scope["trellis"])})


def wsgi_application(environ: Any, start_response: Any) -> Iterable[bytes]:
    headers = [("Content-Type", "application/json"), ("X-RateLimit-Limit-Requests", "of the model server's own")]
    start_response("200 OK", headers)
    if "stream" in environ["QUERY_STRING"]:
        return iter(PIECES)
    length = None if environ.get("wsgi.input_terminated") else int(environ["CONTENT_LENGTH"] or 0)
    body = environ["wsgi.input"].read(length)
    names = (name.removeprefix("HTTP_").replace("_", "-").lower() for name in environ if name.isupper())
    return [answer(environ["PATH_INFO"], environ["QUERY_STRING"], names, body, environ["trellis"])]


def guarded(middleware: Any, application: Any) -> Any:
    return middleware(application, address=os.environ["TRELLIS"], key=os.environ["TRELLIS_KEY"], models=MODELS)


asgi = guarded(trellis_asgi.Trellis, asgi_application)
wsgi = guarded(trellis_wsgi.Trellis, wsgi_application)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), wsgi, handler_class=Quiet).serve_forever()
