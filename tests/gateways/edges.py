"""A proxy in front, as its callers see it."""

import http.client
import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOGGED_SECONDS = 60


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> Any:
        return json.loads(self.body)["error"]


@dataclass(frozen=True)
class Front:
    """`folder` holds its logs."""

    port: int
    folder: Path

    def call(self, method: str, target: str, headers: dict[str, str] | None = None, body: Any = None) -> Reply:
        """The request line is sent as it stands: no client makes a path nicer on its way."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            connection.request(method, target, body=body, headers=headers or {}, encode_chunked=body is not None)
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=90)

    def logged(self, until: str) -> str:
        """All that it has written, once its log has this."""
        deadline = time.monotonic() + LOGGED_SECONDS
        while until not in (text := self._logs()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return text

    def _logs(self) -> str:
        return "".join(file.read_text() for file in sorted(self.folder.glob("*.log")))
