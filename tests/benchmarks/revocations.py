"""A revocation committed by another process → the first refusal after the last allow, while two callers never stop."""

import http.client
import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests import factories
from tests.benchmarks.figures import Figure
from tests.benchmarks.place import Place, place
from tests.environment import CLONE
from tests.fixtures.proxies import ended
from tokens.actions.tokens import Minted

TRIALS, CALLERS = 200, 2
CALLED_BEFORE, CALLED_AFTER = 5, 5  # allowed calls before the revocation, refused ones that end a trial


@dataclass(slots=True)
class Caller:
    """One gateway's connection. `refused_at` is when the first refusal came that no allow has followed."""

    port: int
    here: Place
    allowed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def until_refused(self, token: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        refused_at, refusals = 0, 0
        while refusals < CALLED_AFTER:
            connection.request("POST", "/v1/decisions", self.here.ask(token), self.here.headers)
            found = json.loads(connection.getresponse().read())
            now = time.monotonic_ns()
            if found["allow"]:
                refused_at, refusals = 0, 0
                self.allowed.release()
            else:
                refused_at, refusals = refused_at or now, refusals + 1
        connection.close()
        return refused_at


def measure() -> Iterator[Figure]:
    with place() as here, here.serve("config.wsgi:application") as port:
        command = [sys.executable, "-m", "tests.benchmarks.revoker"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        revoker = subprocess.Popen(command, cwd=CLONE, env=here.environment, **pipes)
        with ended(revoker):
            _told(revoker)
            application = factories.application()
            delays = sorted(_trial(here, port, revoker, factories.token(application)) for _ in range(TRIALS))
    p99 = delays[math.ceil(len(delays) * 0.99) - 1]
    yield Figure("revoke_to_deny_p99_ms", round(p99, 2), f"commit → refused, {TRIALS} revocations by another process")


def _trial(here: Place, port: int, revoker: "subprocess.Popen[str]", minted: Minted) -> float:
    """Milliseconds from the commit's return to the last caller's first lasting refusal; 0 where that came sooner."""
    callers = [Caller(port, here) for _ in range(CALLERS)]
    refused: list[int] = []
    threads = [threading.Thread(target=lambda c=c: refused.append(c.until_refused(minted.text))) for c in callers]
    for thread in threads:
        thread.start()
    for caller in callers:
        for _ in range(CALLED_BEFORE):
            caller.allowed.acquire(timeout=30)
    assert revoker.stdin is not None
    revoker.stdin.write(f"{minted.token.public_id}\n")
    revoker.stdin.flush()
    committed = int(_told(revoker))
    for thread in threads:
        thread.join(timeout=60)
    if len(refused) < CALLERS:
        raise RuntimeError("a caller was never refused")
    return max(0.0, (max(refused) - committed) / 1e6)


def _told(revoker: "subprocess.Popen[str]") -> str:
    assert revoker.stdout is not None
    line = revoker.stdout.readline()
    if not line:
        raise RuntimeError("the process that revokes has ended")
    return line
