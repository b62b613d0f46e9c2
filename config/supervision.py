"""Running the Procfile: one at a time, on a free port, leaving nothing behind."""

import contextlib
import errno
import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import psutil
from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer

from config.embedded import processes
from config.environment import fail

# Every process of a run carries this variable, so what a killed run left behind is known for certain.
MARK = "TRELLIS_RUN"
PREDECESSOR_SECONDS = 15
STOP_SECONDS = 20
LAST_WORDS_SECONDS = 1
# The one process of the Procfile without which there is nothing to run for.
SERVES = "web"


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block in an orderly way, and the process with success."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Stopping takes seconds at most: a second Ctrl-C must not cut it short.
            signal.signal(name, signal.SIG_IGN)
        raise SystemExit(0)

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, end)
    yield


@contextlib.contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Refuse a second run of one clone. One whose `make` was killed is given time to notice and to stop."""
    try:
        var_dir.mkdir(exist_ok=True)
        lock = (var_dir / "run.lock").open("w")
    except OSError as error:
        fail(str(var_dir), f"cannot be written: {error.strerror}")
    with lock:
        deadline = time.monotonic() + PREDECESSOR_SECONDS
        while not _locked(lock.fileno()):
            if time.monotonic() > deadline:
                fail("make run", "is already running in this clone: stop that one first")
            time.sleep(0.2)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def end_leftovers(clone: Path) -> None:
    """End what a run of this clone that was killed left running."""
    found = list(_marked(_mark(clone)))
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    processes.await_end(found)


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                yield process


def _mark(clone: Path) -> str:
    return hashlib.sha256(os.fsencode(clone)).hexdigest()[:16]


def check_port(host: str, port: int) -> None:
    """Raises ConfigurationError where the port cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                fail("PORT", f"{port} is taken by another program: choose a free one, such as PORT={port + 1}")
            fail("PORT", f"{port} cannot be used: {error.strerror}")


class Processes:
    """The Procfile's processes, each on its own: none stops another by ending, since no page and no decision may
    depend on a worker being up. What they say is told line by line, behind their names."""

    def __init__(self, clone: Path, environment: dict[str, str]) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        self._clone = clone
        self._environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", MARK: _mark(clone), **environment}
        self._commands = parse_procfile((clone / "Procfile").read_text()).processes
        self._colours = dict(zip(self._commands, get_colours(), strict=False))
        self._printer = Printer(sys.stdout, width=max(map(len, self._commands)))
        self._printing = threading.Lock()
        self._tellers: dict[str, threading.Thread] = {}
        self.running = {name: self._start(name) for name in self._commands}

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        """In a session of its own, so that Ctrl-C reaches it once, through us."""
        process = subprocess.Popen(  # noqa: S602 (our own command; a Procfile's lines are the shell's)
            self._commands[name],
            shell=True,
            cwd=self._clone,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._tellers[name] = threading.Thread(target=self._tell, args=(name, process.stdout), daemon=True)
        self._tellers[name].start()
        return process

    def _tell(self, name: str, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                # Where nobody listens any more, it is read all the same: a full pipe would stop who speaks.
                with self._printing, contextlib.suppress(BrokenPipeError):
                    now = datetime.now(UTC).astimezone()
                    self._printer.write(Message("line", line, now, name, self._colours[name]))

    @property
    def is_serving(self) -> bool:
        return self.running[SERVES].poll() is None

    def start_ended_again(self) -> list[str]:
        """Start again what ended, but for what serves; their names."""
        ended = [name for name, process in self.running.items() if name != SERVES and process.poll() is not None]
        for name in ended:
            self.running[name] = self._start(name)
        return ended

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        end_leftovers(self._clone)
        for teller in self._tellers.values():
            teller.join(LAST_WORDS_SECONDS)


@contextlib.contextmanager
def procfile(clone: Path, environment: dict[str, str]) -> Iterator[Processes]:
    processes_of_clone = Processes(clone, environment)
    try:
        yield processes_of_clone
    finally:
        processes_of_clone.stop()


def orphaned(parent: int) -> bool:
    """Whether the `make` that started us is gone, and with it whoever could press Ctrl-C."""
    return "MAKELEVEL" in os.environ and os.getppid() != parent
