"""`manage.py run` in a clone of its own: it answers, stops whole, and starts again after kill -9."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import psutil
import pytest

from config import supervision
from tests.config.embedded import PROJECT, Clone, clone
from tests.fixtures.proxies import free_port

__all__ = ["clone"]
pytestmark = [pytest.mark.server, pytest.mark.timeout(1500)]
LEFT_OUT = shutil.ignore_patterns("var", ".venv", ".git", "__pycache__", ".*_cache", ".hypothesis", "tests")
ANSWER_SECONDS = 400


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def copied(clone: Clone) -> Iterator[Clone]:
    shutil.copytree(PROJECT, clone.path, ignore=LEFT_OUT, dirs_exist_ok=True)
    yield clone
    supervision.end_leftovers(clone.path)


def run(clone: Clone, port: int) -> subprocess.Popen[bytes]:
    """Start it, and wait until it says where it is."""
    environment = {"PATH": os.environ["PATH"], "PORT": str(port), "HOME": str(clone.home)}
    with (clone.home / "run.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "manage.py", "run"], cwd=clone.path, env=environment, stdout=log, stderr=log
        )
    deadline = time.monotonic() + ANSWER_SECONDS
    while "Trellis is at" not in said(clone):
        assert running.poll() is None, said(clone)
        assert time.monotonic() < deadline, said(clone)
        time.sleep(0.2)
    return running


def said(clone: Clone) -> str:
    return (clone.home / "run.log").read_text()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def alive(clone: Clone) -> list[psutil.Process]:
    return [*clone.postgres(), *clone.redis(), *supervision._marked(supervision._mark(clone.path))]


def worker(clone: Clone) -> psutil.Process:
    """Others end at any moment, as a server's own helpers do."""
    for process in supervision._marked(supervision._mark(clone.path)):
        with contextlib.suppress(psutil.NoSuchProcess):
            if {"celery", "worker"} <= set(process.cmdline()):
                return process
    raise AssertionError(said(clone))


def test_a_run_stops_whole_and_starts_again_after_a_kill(copied: Clone, port: int) -> None:
    first = run(copied, port)
    assert f"Trellis is at http://127.0.0.1:{port}" in said(copied)
    assert "dev@trellis.test" in said(copied)
    assert (copied.path / "var" / "demo.env").stat().st_mode & 0o077 == 0
    assert answers(port)
    worker(copied).kill()
    while "worker ended, and is started again" not in said(copied):
        assert first.poll() is None, said(copied)
        time.sleep(0.2)
    assert answers(port)
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=100) == 0
    assert "Traceback" not in said(copied)
    assert alive(copied) == []

    second = run(copied, port)
    second.kill()
    second.wait()
    assert answers(port)  # What it left goes on, and is in the way of the next.

    third = run(copied, port)
    assert answers(port)
    third.send_signal(signal.SIGTERM)
    assert third.wait(timeout=100) == 0
    assert alive(copied) == []
