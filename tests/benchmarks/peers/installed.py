"""The peers: installed in throw-away environments under `var/`, filled with as many credentials as Trellis has tokens,
and served on one core."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from tests.benchmarks import cores
from tests.benchmarks.load import Ask, Subject
from tests.benchmarks.place import Server, granian, running
from tests.environment import CLONE
from tests.fixtures.proxies import free_port

HERE = Path(__file__).parent
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SERVED = "tests.benchmarks.peers.served:application"
# The best of one, two and four for these: what a thread more would overlap, the interpreter's lock takes back.
THREADS = 2


def python_with(requirements: str) -> str | None:
    """The Python of an environment with these versions, made if there is none yet; None if it cannot be installed."""
    path = HERE / requirements
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    folder = CLONE / "var" / "bench" / f"{path.stem}-{digest}"
    python = folder / "bin" / "python"
    if (folder / "whole").exists():
        return str(python)
    sys.stderr.write(f"  installing {requirements} …\n")
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", str(path)]
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)]).returncode
    if made or subprocess.run(pip).returncode:
        sys.stderr.write(f"  not measured: {requirements} cannot be installed here\n")
        return None
    (folder / "whole").touch()
    return str(python)


@contextmanager
def django_peers(number: int, folder: Path) -> Iterator[list[Subject]]:
    """Served; none where they cannot be installed."""
    python = python_with("django-peers.txt")
    if python is None:
        yield []
        return
    with _database() as url:
        environment = {**os.environ, "PEERS_DATABASE": url}
        began = time.monotonic()
        filling = [python, "-m", "tests.benchmarks.peers.filling", str(number), str(folder)]
        subprocess.run(filling, cwd=CLONE, env=environment, check=True, timeout=900)
        sys.stderr.write(f"  {number:,} credentials of each peer in {time.monotonic() - began:.0f} s\n")
        with granian(SERVED, environment, threads=THREADS, before=cores.apart(), python=python) as server:
            yield list(_subjects(server, folder))


def _subjects(server: Server, folder: Path) -> Iterator[Subject]:
    client = json.loads((folder / "client.json").read_text())
    basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    of_key, of_knox = {"Authorization": "Api-Key $"}, {"Authorization": "Token $"}
    yield Subject(
        "drf_api_key", server.port, Ask("GET", "/drf-api-key", of_key), folder / "drf_api_key.txt", server.pid
    )
    yield Subject("knox", server.port, Ask("GET", "/knox", of_knox), folder / "knox.txt", server.pid)
    for name, authorization in (("dot_bearer", f"Bearer {client['bearer']}"), ("dot_client", f"Basic {basic}")):
        ask = Ask("POST", "/introspect", {**FORM, "Authorization": authorization}, "token=$")
        yield Subject(name, server.port, ask, folder / "dot.txt", server.pid)


@contextmanager
def _database() -> Iterator[str]:
    name = f"{connection.settings_dict['NAME']}_peers"[:63]
    quoted = connection.ops.quote_name(name)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {quoted}")
    try:
        yield make_conninfo(settings.DATABASE_URL, dbname=name)
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


@contextmanager
def litellm(folder: Path) -> Iterator[list[Subject]]:
    """LiteLLM's proxy, whose check of a token is a function that says yes, at its cheapest address that needs one."""
    python = python_with("litellm.txt")
    if python is None:
        yield []
        return
    port = free_port()
    command = [str(Path(python).with_name("litellm")), "--config", str(HERE / "litellm.yaml"), "--host", "127.0.0.1"]
    options = ["--port", str(port), "--num_workers", "1", "--run_granian"]
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    environment = {**kept, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    tokens = folder / "litellm.txt"
    tokens.write_text("".join(f"sk-{number:032d}\n" for number in range(1000)))
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running([*cores.apart(), *command, *options], port, environment, silent=True))
        except (pytest.fail.Exception, httpx.HTTPError) as error:
            sys.stderr.write(f"  not measured: LiteLLM's proxy does not start: {error}\n")
            yield []
            return
        ask = Ask("GET", "/v1/models", {"Authorization": "Bearer $"})
        yield [Subject("litellm", server.port, ask, tokens, server.pid)]
