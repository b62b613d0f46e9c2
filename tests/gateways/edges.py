"""A proxy in front, as its callers see it."""

import http.client
import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOGGED_SECONDS = 60
PROMPT = "/prompt/hello?model=gpt-4o-mini"
FORGED = {
    "X-Gateway-Key": "trl_gw_x",
    "X-Model": "gpt-4o-mini",
    "X-Trellis-Application": "forged",
    "X-Trellis-Other": "forged",
    "X-Forwarded-Uri": PROMPT,
    "X-Forwarded-Method": "GET",
    "X-Forwarded-For": "192.0.2.1",
    "Forwarded": "for=192.0.2.1",
    "Connection": "X-Trellis-Application, X-Forwarded-Uri, X-Gateway-Key",
}
UNDERSCORED = {"X_Forwarded_Uri": PROMPT, "X_Model": "gpt-4o-mini", "X_Trellis_Application": "forged"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def limits(self) -> set[str]:
        """The header fields that say what is left of the caller's limits."""
        return {name for name in self.headers if name.startswith(("ratelimit", "x-ratelimit-"))}

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

    def echoed(self, target: str, headers: dict[str, str]) -> bytes:
        """What comes back of `ping` over a connection that was upgraded as WebSockets are."""
        place = f"127.0.0.1:{self.port}"
        asked = {"Host": place, "Upgrade": "websocket", "Connection": "Upgrade", **headers}
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items()), "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=90) as line, line.makefile("rb") as answer:
            line.sendall("\r\n".join(lines).encode())
            assert b" 101 " in answer.readline()
            while answer.readline().strip():
                pass
            line.sendall(b"ping")
            return answer.read(4)

    def logged(self, until: str) -> str:
        """All that it has written, once its log has this."""
        deadline = time.monotonic() + LOGGED_SECONDS
        while until not in (text := self._logs()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return text

    def _logs(self) -> str:
        return "".join(file.read_text() for file in sorted(self.folder.glob("*.log")))
