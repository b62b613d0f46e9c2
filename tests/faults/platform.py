"""Two real processes of the gateway, and threads that call them without pause."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.fixtures import proxies
from tests.tokens.gateway.calls import CHAT

PATIENCE = 90
MODEL = "gpt-4o-mini"


@dataclass
class Platform:
    key: str
    ports: Sequence[int]

    def client(self, number: int = 0) -> httpx.Client:
        """Of one of the processes."""
        address = f"http://127.0.0.1:{self.ports[number % len(self.ports)]}"
        return httpx.Client(base_url=address, timeout=PATIENCE, headers={"Authorization": f"Bearer {self.key}"})

    @contextmanager
    def load(self, tokens: Sequence[str], threads: int = 4) -> Iterator["Load"]:
        """Ends with an error of any thread."""
        load = Load(self, tokens)
        callers = [threading.Thread(target=load.call, args=(number,)) for number in range(threads)]
        for caller in callers:
            caller.start()
        try:
            yield load
        finally:
            load.ends.set()
            for caller in callers:
                caller.join()
        if load.errors:
            raise load.errors[0]


@dataclass
class Load:
    platform: Platform
    tokens: Sequence[str]
    answers: list[dict[str, Any]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    def call(self, number: int) -> None:
        try:
            with self.platform.client(number) as client:
                while not self.ends.is_set():
                    for token in self.tokens:
                        self.answers.append(ask(client, token))
        except Exception as error:  # noqa: BLE001  The test raises it.
            self.errors.append(error)

    def wait(self, number: int, like: Callable[[dict[str, Any]], bool]) -> None:
        """Until so many answers like this have come after this moment, one after another from no other kind."""
        begun, deadline = len(self.answers), time.monotonic() + PATIENCE
        while sum(map(like, self.answers[begun:])) < number:
            assert not self.errors, self.errors
            assert time.monotonic() < deadline, self.answers[-1]
            time.sleep(0.02)

    def codes(self) -> set[str]:
        return {answer["code"] for answer in self.answers}


def ask(client: httpx.Client, token: str, model: str = MODEL) -> dict[str, Any]:
    answer = client.post("/v1/decisions", json={"token": token, "model": model, "endpoint": CHAT})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def until(client: httpx.Client, token: str, code: str) -> dict[str, Any]:
    """Ask until this is the answer."""
    deadline = time.monotonic() + PATIENCE
    while (found := ask(client, token))["code"] != code:
        assert time.monotonic() < deadline, found
    return found


def flags(answer: dict[str, Any]) -> list[str]:
    found: list[str] = answer.get("flags", [])
    return found


@contextmanager
def processes(*, store: str, counts: str) -> Iterator[Sequence[int]]:
    """The ports of two, which keep passes and counts there and give up on PostgreSQL soon."""
    more = {"PASS_STORE_URL": store, "REDIS_URL": counts, "TEST_POOL_SECONDS": "3"}
    with proxies.trellis(**more) as one, proxies.trellis(**more) as other:
        yield one, other
