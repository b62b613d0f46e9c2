"""Synthetic platforms of any size, each in a database and a Redis of its own, so that they can be compared in turn."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import redis
from django.conf import settings
from django.db import connection

from tests.benchmarks import cores
from tests.benchmarks.load import Ask, Subject
from tests.benchmarks.place import Place, Server
from tests.environment import CLONE
from tests.fixtures.proxies import ended
from tokens.demo.synthetic import TOKENS_A_WORKSPACE

MUCH = 50_000  # tokens
CHAT, MODEL, GATED = "/v1/chat/completions", "gpt-4o-mini", "bench-gated"


@dataclass(frozen=True, slots=True)
class Platform:
    """`tokens`: the file of their texts. `place`: on its own database."""

    place: Place
    tokens: Path
    redis_url: str

    def serve_apart(self, workers: int = 1) -> AbstractContextManager[Server]:
        """On the core that serves; several workers on any."""
        return self.place.serve(workers=workers, before=cores.apart() if workers == 1 else ())

    def decisions(self, name: str, server: Server, *, tokens: Path | None = None, model: str = MODEL) -> Subject:
        body = f'{{"token":"$","model":"{model}","endpoint":"{CHAT}"}}'
        ask = Ask("POST", "/v1/decisions", self.place.headers, body)
        return Subject(name, server.port, ask, tokens or self.tokens, server.pid)

    def forward_auth(self, name: str, server: Server, authorization: str = "Authorization") -> Subject:
        """`authorization`: the header's name. Written in an unusual way, it has each head parsed anew."""
        forwarded = {"X-Forwarded-Uri": CHAT, "X-Forwarded-Method": "POST", "X-Forwarded-For": "192.0.2.7"}
        headers = {"X-Gateway-Key": self.place.gateway_key, authorization: "Bearer $", "X-Model": MODEL, **forwarded}
        return Subject(name, server.port, Ask("GET", "/v1/forward-auth", headers), self.tokens, server.pid)

    def some(self, number: int) -> Path:
        """A file of so many of its tokens, from all over it, workspace by workspace as they lie there."""
        texts = self.tokens.read_text().splitlines()
        workspaces = [texts[at : at + TOKENS_A_WORKSPACE] for at in range(0, len(texts), TOKENS_A_WORKSPACE)]
        step = max(1, len(texts) // number)
        path = self.tokens.with_suffix(f".{number}")
        path.write_text("".join(f"{text}\n" for workspace in workspaces[::step] for text in workspace))
        return path

    def redis_bytes(self) -> int:
        """What that server uses for all that it holds."""
        client = redis.Redis.from_url(self.redis_url)
        try:
            return int(client.info("memory")["used_memory"])
        finally:
            client.close()


@contextmanager
def platform(here: Place, tokens: int, number: int, folder: Path) -> Iterator[Platform]:
    """A platform with at least so many tokens. `number`: from 1 on, another for each that lives at the same time."""
    name = f"{connection.settings_dict['NAME']}_{number}"[:63]
    figures = folder / f"figures-{number}"
    figures.mkdir(exist_ok=True)
    url = _redis_url(number)
    own = {"TEST_DATABASE_NAME": name, "REDIS_URL": url, "PROMETHEUS_MULTIPROC_DIR": str(figures)}
    made = Platform(
        replace(here, environment={**here.environment, **own}), folder / f"tokens-{number}.txt", redis_url=url
    )
    _empty(url)
    with _copied_database(name):
        began = time.monotonic()
        _fill(made, tokens)
        sys.stderr.write(f"  a platform of {tokens:,} tokens in {time.monotonic() - began:.0f} s\n")
        try:
            yield made
        finally:
            _empty(url)


def _fill(made: Platform, tokens: int) -> None:
    """By as many processes as there are cores, if there is much to be written."""
    number = min(4, len(cores.ALL)) if tokens >= MUCH else 1
    parts = [made.tokens.with_suffix(f".part{part}") for part in range(number)]
    command = [sys.executable, "-m", "tests.benchmarks.filling"]
    with ExitStack() as stack:
        filling = [
            stack.enter_context(
                ended(
                    subprocess.Popen(
                        [*command, str(part), str(-(-tokens // number)), str(path)],
                        cwd=CLONE,
                        env=made.place.environment,
                    )
                )
            )
            for part, path in enumerate(parts)
        ]
        if any(process.wait(timeout=1200) for process in filling):
            raise RuntimeError("the platform could not be written")
    with made.tokens.open("w") as out:
        for path in parts:
            out.write(path.read_text())
            path.unlink()


@contextmanager
def _copied_database(name: str) -> Iterator[None]:
    """A copy of the benchmarks' database. PostgreSQL copies only what nobody is connected to."""
    source = connection.ops.quote_name(connection.settings_dict["NAME"])
    target = connection.ops.quote_name(name)
    connection.close()
    connection.close_pool()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {target} TEMPLATE {source}")
    try:
        yield
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")


def _redis_url(number: int) -> str:
    """So many databases beyond the benchmarks' own."""
    parts = urlsplit(settings.REDIS_URL)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={int(parse_qs(parts.query)['db'][0]) + number}"
    return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/') or 0) + number}"))


def _empty(url: str) -> None:
    client = redis.Redis.from_url(url)
    client.flushdb()
    client.close()
