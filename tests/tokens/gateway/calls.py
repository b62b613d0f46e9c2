"""Calls of the real WSGI callable, as the server makes them."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]


def call(
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    remote: str = "127.0.0.1",
    chunked: bool = False,
) -> Reply:
    from config.wsgi import application

    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": remote,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body or b""),
        "wsgi.input_terminated": True,
    }
    if body is not None and not chunked:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    seen: dict[str, Any] = {}

    def start_response(status: str, fields: list[tuple[str, str]], *_: object) -> Any:
        for name, value in fields:
            value.encode("latin-1")
            assert not set("\r\n\0") & set(name + value)
        seen["status"], seen["headers"] = int(status.split()[0]), {name.lower(): value for name, value in fields}

    answer = b"".join(application(environ, start_response))
    return Reply(seen["status"], seen["headers"], answer)


CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class Client:
    """A gateway with its key."""

    key: str

    def decide(self, raw: bytes | None = None, *, headers: dict[str, str] | None = None, **ask: Any) -> Reply:
        body = raw if raw is not None else json.dumps({"endpoint": CHAT, **ask}).encode()
        given = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(headers or {})}
        return call("POST", "/v1/decisions", headers=given, body=body)

    def post(self, path: str, values: Any, *, headers: dict[str, str] | None = None) -> Reply:
        given = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(headers or {})}
        return call("POST", path, headers=given, body=json.dumps(values).encode())

    def introspect(self, body: str, *, headers: dict[str, str] | None = None) -> Reply:
        form = "application/x-www-form-urlencoded"
        given = {"Authorization": f"Bearer {self.key}", "Content-Type": form, **(headers or {})}
        return call("POST", "/oauth2/introspect", headers=given, body=body.encode())

    def forward(
        self,
        uri: str = CHAT,
        method: str = "POST",
        *,
        headers: dict[str, str] | None = None,
        json_body: Any = None,
        body: bytes | None = None,
        style: str = "",
        chunked: bool = False,
    ) -> Reply:
        given = {"X-Gateway-Key": self.key, "X-Forwarded-Uri": uri, "X-Forwarded-Method": method}
        if json_body is not None:
            body, given["Content-Type"] = json.dumps(json_body).encode(), "application/json"
        path = f"/v1/forward-auth?for={style}" if style else "/v1/forward-auth"
        return call(method, path, headers={**given, **(headers or {})}, body=body, chunked=chunked)
