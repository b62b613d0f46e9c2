"""Servers that are there and do not answer, and ports where nothing is."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fixtures.proxies import free_port


@contextmanager
def blackhole() -> Iterator[str]:
    """An address that takes every connection, reads what is sent, and never says a word."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:

        def take() -> None:
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
            for connection in taken:
                connection.close()


@contextmanager
def nothing() -> Iterator[str]:
    yield f"redis://127.0.0.1:{free_port()}/0"


AWAY = [blackhole, nothing]
