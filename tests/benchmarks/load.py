"""The load: wrk sends one ask again and again, each time with another credential of a file; subjects take turns, and
the medians count, so what else the machine does meets all of them."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks import cores
from tests.fixtures.proxies import ended

CONNECTIONS = 32
MEANWHILE = 4  # connections
# Less than passes are believed for: in that time none becomes too old behind the load's back.
SWIFT_SECONDS, RUNS_IN = 15, 4
# What wrk sends, and what it tells at the end. Only 2xx and 3xx count as answers.
SCRIPT = """
local head, tail, tokens, next = {head}, {tail}, {{}}, {first}
function init(args)
    for line in io.lines({file}) do tokens[#tokens + 1] = line end
    math.randomseed(os.time())
end
function request()
    next = {step}
    return head .. tokens[next] .. tail
end
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format('\\nFIGURES {{"answers": %d, "us": %d, "refused": %d, "failed": %d, "p99_us": %d}}\\n',
        summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.timeout,
        latency:percentile(99)))
end
"""
RANDOM, IN_ORDER = "math.random(#tokens)", "next % #tokens + 1"


@dataclass(frozen=True, slots=True)
class Ask:
    """One HTTP request in which `$` stands for the credential. All credentials of a file are equally long."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str = ""

    def around(self, credential: str) -> tuple[bytes, bytes]:
        """What comes before and after it."""
        headers = dict(self.headers)
        if self.body:
            headers["Content-Length"] = str(len(self.body.replace("$", credential)))
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
        head, _here, tail = ("\r\n".join(lines) + "\r\n\r\n" + self.body).partition("$")
        return head.encode(), tail.encode()


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: an ask, the file of its credentials, and the port that it is sent to."""

    name: str
    port: int
    ask: Ask
    credentials: Path
    # The first process of the server, if what it works is of interest.
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    answers: int
    per_second: float
    p99_ms: float
    # Of the server's processes, a call.
    cpu_us: float = 0.0


def installed() -> bool:
    if shutil.which("wrk") is None:
        sys.stderr.write("  not measured: wrk is not installed (Debian: apt-get install wrk)\n")
        return False
    return True


def in_turn(
    subjects: Sequence[Subject], rounds: int, seconds: int, before: Callable[[], None] | None = None
) -> dict[str, Round]:
    """The medians of each, by name. A first, shorter round warms up, and is not counted. `before`: what is done before
    each round, uncounted too."""
    found: dict[str, list[Round]] = {subject.name: [] for subject in subjects}
    for number in range(rounds + 1):
        if before is not None:
            before()
        for subject in subjects:
            one = run(subject, seconds if number else 1)
            if number:
                found[subject.name].append(one)
        told = ", ".join(f"{name} {of[-1].per_second:,.0f}" for name, of in found.items() if of)
        sys.stderr.write(f"  round {number} of {rounds}: {told or 'warming up'}\n")
    return {name: _median(of) for name, of in found.items()}


def _median(of: Sequence[Round]) -> Round:
    return Round(
        answers=sum(one.answers for one in of),
        per_second=median(one.per_second for one in of),
        p99_ms=median(one.p99_ms for one in of),
        cpu_us=median(one.cpu_us for one in of),
    )


def run(subject: Subject, seconds: int, *, first: int | None = None) -> Round:
    """One load. `first`: from that credential on, one after another, instead of by chance."""
    command = _command(subject, seconds, CONNECTIONS, first)
    worked = cores.worked_seconds(subject.pid)
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    told = next(line for line in done.stdout.splitlines() if line.startswith("FIGURES "))
    figures = json.loads(told.removeprefix("FIGURES "))
    worked = cores.worked_seconds(subject.pid) - worked
    wrong = figures["failed"] + figures["refused"]
    if wrong:
        raise RuntimeError(f"{subject.name}: {wrong} of {figures['answers']} answers were not what they should be")
    answers = figures["answers"]
    return Round(answers, answers / figures["us"] * 1e6, figures["p99_us"] / 1000, worked / max(1, answers) * 1e6)


def _command(subject: Subject, seconds: int, connections: int, first: int | None = None) -> list[str]:
    with subject.credentials.open() as lines:
        head, tail = subject.ask.around(next(lines).strip())
    script = SCRIPT.format(
        head=_lua(head),
        tail=_lua(tail),
        file=_lua(str(subject.credentials).encode()),
        first=first or 0,
        step=RANDOM if first is None else IN_ORDER,
    )
    path = subject.credentials.with_name(f"{subject.name}.lua")
    path.write_text(script)
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    options = ["--timeout", "10s", "--script", str(path), f"http://127.0.0.1:{subject.port}/"]
    return [*cores.beside(), *command, *options]


@contextmanager
def meanwhile(subject: Subject) -> Iterator[None]:
    """A load for as long as the block lasts."""
    command = _command(subject, 3600, MEANWHILE)
    with ended(subprocess.Popen(command, stdout=subprocess.DEVNULL)):
        yield


def each_once(subject: Subject, number: int, most_seconds: int) -> int:
    """Send each of `number` credentials once, in slices of some seconds; how many were sent before time was up."""
    sent, slice_seconds = 0, 5
    for _ in range(most_seconds // slice_seconds):
        sent += run(subject, slice_seconds, first=sent % number).answers
        sys.stderr.write(f"\r  each credential once: {min(sent, number):,} of {number:,}")
        if sent >= number:
            break
    sys.stderr.write("\n")
    return min(sent, number)


def run_in(subject: Subject, number: int, most_seconds: int) -> None:
    """Send each of `number` credentials once, again and again, until that takes no longer than where nothing that is
    kept about them has become too old meanwhile; at most `most_seconds` each time."""
    for _ in range(RUNS_IN):
        began = time.monotonic()
        each_once(subject, number, most_seconds)
        if time.monotonic() - began < SWIFT_SECONDS:
            return


def _lua(text: bytes) -> str:
    """As a string of Lua's, byte by byte, since its long strings change ends of lines."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text) + '"'
