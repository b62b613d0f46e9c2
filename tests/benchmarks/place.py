"""A database of the benchmarks' own, with the starter catalogue and one gateway; and servers on it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from tests import factories
from tests.environment import CLONE
from tests.fixtures.proxies import ended, free_port, wait_for
from tokens.actions.gateways import add_gateway


@dataclass(frozen=True, slots=True)
class Place:
    gateway_key: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)

    def ask(self, token: str) -> bytes:
        return json.dumps({"token": token, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions"}).encode()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.gateway_key}", "Content-Type": "application/json"}

    def serve(self, target: str) -> AbstractContextManager[int]:
        """As `make run` serves: granian, two processes of four threads. Gives the port."""
        return _server(target, self.environment)


@contextmanager
def place() -> Iterator[Place]:
    """Commits wait for the disk here, as they do in production and do not in tests."""
    from django.db import connection

    os.environ["PGOPTIONS"] = "-c trellis.allow_truncate=on"
    connection.settings_dict["TEST"]["NAME"] = f"bench_{connection.settings_dict['NAME']}"[:63]
    before = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        factories.catalogue()
        minted = add_gateway(name="bench", kind="custom", by=factories.administrator())
        yield Place(minted.text, {**os.environ, "TEST_DATABASE_NAME": name})
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


@contextmanager
def _server(target: str, environment: dict[str, str]) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    options = ["--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "error"]
    with ended(subprocess.Popen([*command, *options, target], cwd=CLONE, env=environment)) as process:
        wait_for(port, process)
        yield port
