import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests import factories
from tests.fixtures import proxies, upstream
from tests.fixtures.upstream import Upstream
from tokens.actions.gateways import add_gateway
from tokens.gateway import catalogues

LOGGED_SECONDS = 60
UPLOADS = "/v1/audio/transcriptions whisper-1;"


@dataclass
class Edge:
    """A platform as callers see it: nginx in front, a model server behind, Trellis beside."""

    address: str
    upstream: Upstream
    folder: Path
    trellis: str
    gateway_key: str

    def client(self, token: str, **options: Any) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.address}/v1", api_key=token, max_retries=0, **options)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return httpx.request(method, self.address + path, timeout=90, **options)

    def log(self, until: str) -> str:
        """nginx's access log, once it has this: it is written after the answer is sent."""
        deadline = time.monotonic() + LOGGED_SECONDS
        while until not in (text := (self.folder / "trellis.log").read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return text


def _edge(
    folder: Path, configuration: str, model_header: str, changes: dict[str, str], **environment: str
) -> Iterator[Edge]:
    catalogues.forget()
    factories.catalogue()
    made = add_gateway(name="edge", kind="nginx", model_header=model_header, by=factories.administrator())
    with upstream.running() as models, proxies.trellis(**environment) as port:
        places = {"127.0.0.1:8000": f"127.0.0.1:{port}", "127.0.0.1:9000": f"127.0.0.1:{models.port}"}
        with proxies.nginx(folder, configuration, {**places, "trl_gw_CHANGE": made.text, **changes}) as front:
            yield Edge(f"http://127.0.0.1:{front}", models, folder, f"http://127.0.0.1:{port}", made.text)


@pytest.fixture
def accel(transactional_db: None, tmp_path: Path) -> Iterator[Edge]:
    yield from _edge(tmp_path / "nginx", "nginx-accel.conf", "X-Model", {f"# {UPLOADS}": UPLOADS})


@pytest.fixture
def auth_request(transactional_db: None, tmp_path: Path) -> Iterator[Edge]:
    yield from _edge(tmp_path / "nginx", "nginx-auth-request.conf", "", {})


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[Edge]:
    """The same for people in a browser: what Trellis mails is in `mail` beside nginx's folder."""
    folder = tmp_path / "nginx"
    yield from _edge(folder, "nginx-accel.conf", "X-Model", {}, TEST_MAIL_FOLDER=str(tmp_path / "mail"))
