"""One call of a connection on the event loop, and its answer as it is written."""

from typing import ClassVar, NamedTuple

import msgspec
from uvicorn.server import ServerState


class Told(NamedTuple):
    """An answer, as it is written."""

    status: int
    head: str
    body: bytes
    closes: bool = False


class _Nobody:
    """Who waits for uvicorn's own cycle to go on."""

    def set(self) -> None:
        pass


class Turn(msgspec.Struct):
    """One call of this connection: what uvicorn knows of its own requests, so that what is sent behind it waits."""

    keep_alive: bool
    disconnected: bool = False
    response_complete: bool = False
    message_event: ClassVar = _Nobody()
    more_body: ClassVar = False


_said: tuple[object, bytes] = (None, b"")


def lines(state: ServerState) -> bytes:
    """Of the headers that uvicorn has all answers bear: a new list each second."""
    global _said
    headers = state.default_headers
    if headers is not _said[0]:
        _said = headers, b"".join([b"%b: %b\r\n" % header for header in headers])
    return _said[1]
