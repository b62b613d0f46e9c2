"""A revocation committed by another process → the first refusal after the last allow, while two callers of the token
never stop, and others load the server."""

import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.figures import Figure, share
from tests.benchmarks.place import Place, place
from tests.benchmarks.platforms import platform
from tests.benchmarks.scale import Scale
from tests.environment import CLONE
from tests.fixtures.proxies import ended

CALLERS = 2
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


def measure(scale: Scale) -> Iterator[Figure]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        here = stack.enter_context(place())
        made = stack.enter_context(platform(here, scale.revocations + scale.few, 1, folder))
        server = stack.enter_context(made.serve_apart(workers=2))
        tokens = made.tokens.read_text().splitlines()
        command = [sys.executable, "-m", "tests.benchmarks.revoker"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        revoker = subprocess.Popen(command, cwd=CLONE, env=made.place.environment, **pipes)
        stack.enter_context(ended(revoker))
        _told(revoker)
        if load.installed():
            rest = made.tokens.with_suffix(".rest")
            rest.write_text("".join(f"{token}\n" for token in tokens[scale.revocations :]))
            stack.enter_context(load.meanwhile(made.decisions("meanwhile", server, tokens=rest)))
        revoked = tokens[: scale.revocations]
        delays = [_trial(made.place, server.port, revoker, token) for token in revoked]
    about = f"commit → refused, {len(delays):,} revocations by another process, {load.MEANWHILE} connections besides"
    yield Figure("revoke_to_deny_p99_ms", share(delays, 0.99), about)
    yield Figure("revoke_to_deny_max_ms", share(delays, 1.0), "the longest of the same")


def _trial(here: Place, port: int, revoker: "subprocess.Popen[str]", token: str) -> float:
    """Milliseconds from the commit's return to the last caller's first lasting refusal; 0 where that came sooner."""
    callers = [Caller(port, here) for _ in range(CALLERS)]
    refused: list[int] = []
    threads = [threading.Thread(target=lambda c=c: refused.append(c.until_refused(token))) for c in callers]
    for thread in threads:
        thread.start()
    for caller in callers:
        for _ in range(CALLED_BEFORE):
            caller.allowed.acquire(timeout=30)
    assert revoker.stdin is not None
    revoker.stdin.write(f"{token}\n")
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
