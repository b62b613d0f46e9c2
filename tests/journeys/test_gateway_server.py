"""The gateway behind its real server: long bodies, slow strangers, callers that hang up."""

import socket
from contextlib import ExitStack

import httpx
import pytest

from tests import factories
from tests.fixtures import proxies
from tokens.actions.gateways import add_gateway

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = {"/v1/decisions": 401, "/v1/nothing": 404, "/v1/forward-auth": 500}


def half_a_call(port: int) -> socket.socket:
    stranger = socket.create_connection(("127.0.0.1", port))
    stranger.sendall(b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{")
    return stranger


def test_every_answer_arrives_however_long_the_body() -> None:
    factories.catalogue()
    key = add_gateway(name="edge", kind="custom", by=factories.administrator()).text
    known = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with proxies.trellis() as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90) as client:
        for size in (0, 1_000, 60_000, 1_000_000, 5_000_000) * 2:
            for path, status in PATHS.items():
                assert client.post(path, content=b"x" * size).status_code == status
            expected = 413 if size > 65_536 else 400
            assert client.post("/v1/decisions", content=b"x" * size, headers=known).status_code == expected


def test_strangers_who_never_finish_hold_nobody_up() -> None:
    with proxies.trellis() as port, ExitStack() as held:
        for _ in range(12):
            held.enter_context(half_a_call(port))
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200
    with proxies.trellis() as port:
        for _ in range(12):
            half_a_call(port).close()
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200
