"""A way to the real Redis that loses what it is told to lose."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import redis
from django.conf import settings


class Line:
    """`away`: nobody is reached. `deaf`: what is asked is done, and the answer gets lost on its way."""

    def __init__(self) -> None:
        self.away = self.deaf = False
        self._server = socket.create_server(("127.0.0.1", 0))
        given = redis.connection.parse_url(settings.REDIS_URL)
        self._target = given
        self.url = f"redis://127.0.0.1:{self._server.getsockname()[1]}/{given.get('db', 0)}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _address = self._server.accept()
                Thread(target=self._carry, args=(caller,), daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        with caller, suppress(OSError), self._connected() as target:
            while not self.away and (asked := caller.recv(65536)):
                if self.away:
                    return
                target.sendall(asked)
                answer = target.recv(65536)
                if self.deaf and b"HSET" in asked:
                    return
                caller.sendall(answer)

    def _connected(self) -> socket.socket:
        if "path" in self._target:
            target = socket.socket(socket.AF_UNIX)
            target.connect(self._target["path"])
            return target
        return socket.create_connection((self._target["host"], self._target["port"]))


@contextmanager
def line() -> Iterator[Line]:
    made = Line()
    try:
        yield made
    finally:
        made.close()
