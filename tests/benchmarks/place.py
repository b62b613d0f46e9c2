"""A database of the benchmarks' own, with the starter catalogue and one gateway; and servers on it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import psutil

from tests import factories
from tests.environment import CLONE
from tests.factories.starter import BY
from tests.fixtures.proxies import free_port, wait_for
from tiers.actions.catalogue import load_starter_catalogue
from tokens.actions.gateways import add_gateway

HELLO = "tests.benchmarks.hello:application"
READY_SECONDS, ENDED_SECONDS = 120, 15


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Place:
    gateway_key: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)

    def ask(self, token: str) -> bytes:
        return json.dumps({"token": token, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions"}).encode()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.gateway_key}", "Content-Type": "application/json"}

    def serve(self, *, workers: int = 2, before: Sequence[str] = ()) -> AbstractContextManager[Server]:
        """As `make run` serves. `before`: a command that starts it, such as one that says on which core."""
        port = free_port()
        command = [*before, sys.executable, "-m", "config.server", "--host", "127.0.0.1", "--port", str(port)]
        return running([*command, "--workers", str(workers)], port, self.environment)


@contextmanager
def place() -> Iterator[Place]:
    """Commits wait for the disk here, as they do in production and do not in tests."""
    from django.db import connection

    os.environ["PGOPTIONS"] = "-c trellis.allow_truncate=on"
    connection.settings_dict["TEST"]["NAME"] = f"bench_{connection.settings_dict['NAME']}"[:63]
    before = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        # Not the rows that tests put back: each benchmark has a new database, whose sequences have given no ids.
        load_starter_catalogue(by=BY)
        minted = add_gateway(name="bench", kind="custom", by=factories.administrator())
        with tempfile.TemporaryDirectory(prefix="figures-") as folder:
            own = {"TEST_DATABASE_NAME": name, "PROMETHEUS_MULTIPROC_DIR": folder}
            yield Place(minted.text, {**os.environ, **own})
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def granian(
    target: str,
    environment: dict[str, str],
    *,
    workers: int = 1,
    threads: int = 4,
    before: Sequence[str] = (),
    python: str = sys.executable,
) -> AbstractContextManager[Server]:
    """`before`: a command that starts it, such as one that says on which core."""
    port = free_port()
    command = [*before, python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    options = ["--workers", str(workers), "--blocking-threads", str(threads), "--no-ws", "--log-level", "error"]
    return running([*command, *options, target], port, environment)


@contextmanager
def running(
    command: Sequence[str], port: int, environment: dict[str, str], *, silent: bool = False
) -> Iterator[Server]:
    """A server, once it answers. At the end of the block it is gone, with what it started, whatever they are at."""
    said = subprocess.DEVNULL if silent else None
    process = subprocess.Popen(command, cwd=CLONE, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        wait_for(port, process)
        # It listens before it has loaded what it serves.
        httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=READY_SECONDS)
        yield Server(port, process.pid)
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    started = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(ENDED_SECONDS)
    for left in started:
        with suppress(psutil.NoSuchProcess):
            left.kill()
    process.kill()
    process.wait()
