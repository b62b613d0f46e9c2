"""`make run` runs once a clone, on a free port, and leaves nothing behind."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import supervision
from config.embedded import processes
from config.environment import ConfigurationError

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_port_that_is_taken_is_one_line_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"PORT {port} is taken by another program"):
            supervision.check_port("127.0.0.1", port)
    supervision.check_port("127.0.0.1", port)


def test_a_second_run_of_a_clone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "PREDECESSOR_SECONDS", 0.1)
    second = supervision.only_one(tmp_path)
    with supervision.only_one(tmp_path), pytest.raises(ConfigurationError, match="already running"), second:
        pass
    with supervision.only_one(tmp_path):
        pass


def test_what_a_killed_run_left_is_ended_and_nothing_else(tmp_path: Path) -> None:
    mark = {supervision.MARK: supervision._mark(tmp_path)}
    other = {supervision.MARK: supervision._mark(tmp_path / "other")}
    left, of_another, unmarked = (
        subprocess.Popen(SLEEP, env={**os.environ, **environment}) for environment in (mark, other, {})
    )
    try:
        supervision.end_leftovers(tmp_path)
        assert left.wait(timeout=60) != 0
        assert of_another.poll() is None
        assert unmarked.poll() is None
    finally:
        for process in (left, of_another, unmarked):
            process.kill()
            process.wait()


def test_the_procfile_ends_with_all_its_children(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, file=open('pids', 'w'), flush=True)\ntime.sleep(600)\n"
    )
    (tmp_path / "Procfile").write_text(f"web: exec {sys.executable} parent.py\n")
    with supervision.procfile(tmp_path, {}) as running:
        while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text().strip():
            assert running.is_serving
            time.sleep(0.05)
    pid = int((tmp_path / "pids").read_text())
    assert not any(process.pid == pid for process in processes.working_in(tmp_path, Path(sys.executable).name))
    assert not running.is_serving


def test_what_ends_is_started_again_and_stops_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: exec sleep 600\nworker: echo begun >> begun; exit 1\n")
    begun = tmp_path / "begun"
    with supervision.procfile(tmp_path, {}) as running:
        deadline = time.monotonic() + 120
        while not begun.exists() or begun.read_text().count("begun") < 3:
            assert running.is_serving
            assert time.monotonic() < deadline
            assert set(running.start_ended_again()) <= {"worker"}
            time.sleep(0.05)


def test_what_is_said_is_told_behind_its_name_to_the_last_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Procfile").write_text(
        "web: echo here we are; trap 'echo \"and good night\"; exit' TERM; touch ready; while :; do sleep 0.05; done\n"
        "worker: echo oh dear >&2; touch said\n"
    )
    with supervision.procfile(tmp_path, {}) as running:
        while not ((tmp_path / "ready").exists() and (tmp_path / "said").exists()):
            assert running.is_serving
            time.sleep(0.05)
    told = sorted(line.partition(" ")[2] for line in capsys.readouterr().out.splitlines())
    assert told == ["web    | and good night", "web    | here we are", "worker | oh dear"]


def test_it_stops_in_the_moment_of_a_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Procfile").write_text("web: exec sleep 600\nworker: exit 1\n")
    for _ in range(5):
        with supervision.procfile(tmp_path, {}) as running:
            running.running["worker"].wait()
            assert running.start_ended_again() == ["worker"]
        assert not running.is_serving
    assert "Traceback" not in "".join(capfd.readouterr())
