"""Nobody waits longer than agreed for an errand, and a line that failed is open again soon."""

import os
import threading
import time
from statistics import median

import pytest

from accounts import errands
from accounts.errands import Errands


class Away(Exception):
    pass


def fail() -> None:
    raise Away


@pytest.fixture
def line() -> Errands:
    return Errands("tests", Away)


def tried_until_done(line: Errands, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if line.run(lambda: None):
            return True
        time.sleep(0.02)
    return False


def test_a_slow_errand_is_not_waited_for_and_goes_on(line: Errands) -> None:
    go, done = threading.Event(), threading.Event()

    def slow() -> None:
        go.wait(20)
        done.set()

    begun = time.monotonic()
    assert not line.run(slow)
    assert time.monotonic() - begun >= errands.WAIT
    spent = []
    for _follower in range(21):
        begun = time.monotonic()
        assert not line.run(lambda: None)
        spent.append(time.monotonic() - begun)
    assert median(spent) < errands.WAIT, "those behind a late one wait as well"
    go.set()
    assert done.wait(20)
    assert tried_until_done(line)


def test_after_a_failure_nothing_is_tried_for_a_while(line: Errands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "REST", 3600)
    called = threading.Event()
    assert not line.run(fail)
    deadline = time.monotonic() + 20
    while line.failing_for == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not line.run(called.set)
    assert not called.wait(0.1)


def test_a_line_that_failed_is_open_again(line: Errands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "REST", 0.01)
    line.run(fail)
    assert tried_until_done(line)
    assert line.failing_for == 0


def test_a_mistake_does_not_end_the_thread(line: Errands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "REST", 0.01)
    line.run(lambda: 1 / 0)
    assert tried_until_done(line)


def test_a_full_line_takes_no_more(line: Errands) -> None:
    go = threading.Event()
    line.run(lambda: go.wait(20))
    called = [line.run(lambda: None) for _ in range(errands.LONGEST_LINE + 10)]
    assert not any(called)
    go.set()
    assert tried_until_done(line)


def test_a_fork_has_a_line_of_its_own(line: Errands) -> None:
    assert tried_until_done(line)
    child = os.fork()
    if not child:
        os._exit(0 if tried_until_done(line) else 1)
    assert os.waitpid(child, 0)[1] == 0
