"""Finding and ending the processes of a server by the folder that they work in."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

GRACE_SECONDS = 10
PAUSE_SECONDS = 0.02


def working_in(folder: Path, name: str) -> list[psutil.Process]:
    """Live processes called `name` whose working directory is `folder`, deleted or not.

    A pid file alone proves nothing: after a crash its number may belong to any other process.
    """
    return list(_working_in(folder.resolve(), name))


def _working_in(folder: Path, name: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name() == name and process.status() != psutil.STATUS_ZOMBIE:
                cwd = process.cwd().removesuffix(" (deleted)")
                if cwd == str(folder):
                    yield process


def end(processes: list[psutil.Process], signal: int) -> None:
    """Ask the topmost of them to end; they see to their children."""
    ids = {process.pid for process in processes}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in ids:
                process.send_signal(signal)
    await_end(processes)


def await_end(processes: list[psutil.Process]) -> None:
    """Wait for processes that were asked to end, then end all that are left after the grace."""
    for process in _remaining(processes):
        with contextlib.suppress(psutil.Error):
            process.kill()
    _remaining(processes)


def _remaining(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those alive after the grace. One that nobody reaps is dead all the same (containers without an init)."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (alive := [p for p in processes if lives(p)]) and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return alive


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
