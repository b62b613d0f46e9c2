"""Decisions over HTTP, beside a bare hello on the same server: the same load in turn, and the medians."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from tests import factories
from tests.benchmarks.figures import Figure
from tests.benchmarks.place import Place, place

ROUNDS, SECONDS, CONNECTIONS = 5, 3, 8
TRELLIS, HELLO = "config.wsgi:application", "tests.benchmarks.hello:application"
# What wrk sends, and what it tells at the end: nothing but 200 counts as an answer.
SCRIPT = """
wrk.method = "POST"
wrk.body = [==[{body}]==]
{headers}
function done(summary, latency, requests)
    local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
    io.write(string.format('\\nFIGURES {{"answers": %d, "us": %d, "failed": %d, "p99_us": %d}}\\n',
        summary.requests, summary.duration, failed, latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Round:
    per_second: float
    p99_ms: float


def measure() -> Iterator[Figure]:
    if shutil.which("wrk") is None:
        sys.stderr.write("  not measured: wrk is not installed (Debian: apt-get install wrk)\n")
        return
    with place() as here, tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "ask.lua"
        token = factories.token().text
        script.write_text(_script(here, token))
        with here.serve(TRELLIS) as trellis, here.serve(HELLO) as hello:
            _check_allowed(here, token, trellis)
            rounds = _in_turn([trellis, hello], script)
            _check_allowed(here, token, trellis)
    rates = [median(one.per_second for one in of) for of in rounds]
    p99 = median(one.p99_ms for one in rounds[0])
    yield Figure("decisions_per_s", round(rates[0], 1), f"POST /v1/decisions, {CONNECTIONS} connections, all allowed")
    yield Figure("decision_p99_ms", round(p99, 2), "of the same, as the gateway sees it under that full load")
    yield Figure(
        "ratio_vs_bare_hello", round(rates[0] / rates[1], 4), f"over hello on the same server ({rates[1]:,.0f}/s)"
    )


def _script(here: Place, token: str) -> str:
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in here.headers.items())
    return SCRIPT.format(body=here.ask(token).decode(), headers=headers)


def _check_allowed(here: Place, token: str, port: int) -> None:
    """Every answer is 200, so only looking tells that what is measured are allows."""
    asked = Request(f"http://127.0.0.1:{port}/v1/decisions", data=here.ask(token), headers=here.headers)
    with urlopen(asked, timeout=10) as answer:  # noqa: S310
        found = json.load(answer)
    if not found["allow"]:
        raise RuntimeError(f"the token of the benchmark was refused: {found['code']}")


def _in_turn(ports: list[int], script: Path) -> list[list[Round]]:
    """One list a port. The first round warms up, and is not counted."""
    found: list[list[Round]] = [[] for _ in ports]
    for number in range(ROUNDS + 1):
        for port, of in zip(ports, found, strict=True):
            one = _load(port, script, SECONDS if number else 1)
            if number:
                of.append(one)
    return found


def _load(port: int, script: Path, seconds: int) -> Round:
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"]
    address = f"http://127.0.0.1:{port}/v1/decisions"
    done = subprocess.run(
        [*command, "--script", str(script), address], capture_output=True, text=True, check=True, timeout=seconds + 30
    )
    told = next(line for line in done.stdout.splitlines() if line.startswith("FIGURES "))
    figures = json.loads(told.removeprefix("FIGURES "))
    if figures["failed"]:
        raise RuntimeError(f"{figures['failed']} of {figures['answers']} answers failed")
    return Round(figures["answers"] / figures["us"] * 1e6, figures["p99_us"] / 1000)
