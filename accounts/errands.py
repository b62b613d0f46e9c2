"""Errands: what a request tells Redis or the broker after its commit, and waits for no longer than 50 ms.

Timeouts of a client cannot promise that: each is of one step (a name, a connection, a handshake, an answer), and steps
add up. So one thread of the process does them in turn, and the request waits for it, but not for long. Whatever does
not get through must be found again by a sweep.
"""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

log = structlog.get_logger(__name__)
WAIT: Final = 0.05  # seconds that a request may lose
REST: Final = 1.0  # seconds in which nothing is tried after a failure
LONGEST_LINE: Final = 200


@dataclass(slots=True)
class _Errand:
    call: Callable[[], object]
    ended: threading.Event = field(default_factory=threading.Event)
    succeeded: bool = False


class Errands:
    """One line of errands, with a thread that begins with the first. `failures`: what may be raised by what is away;
    anything else is a mistake of ours, and is logged with its traceback."""

    def __init__(self, name: str, *failures: type[Exception]) -> None:
        self.name = name
        self._failures = failures
        self._starting = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._waiting: queue.Queue[_Errand] = queue.Queue(LONGEST_LINE)
        self._process = 0
        self._begun_at: float | None = None
        self._rests_until = 0.0
        self._failing_since: float | None = None

    @property
    def failing_for(self) -> float:
        """Seconds for which nothing has succeeded; 0 while all is well."""
        since = self._failing_since
        return 0.0 if since is None else time.monotonic() - since

    def run(self, call: Callable[[], object]) -> bool:
        """Whether it was done in time. Else it failed, or goes on without us, or was not even begun.

        While one is late nobody waits: the others stand in line."""
        self._start()
        if time.monotonic() < self._rests_until:
            return False
        errand = _Errand(call)
        try:
            self._waiting.put_nowait(errand)
        except queue.Full:
            return False
        if not self._is_late():
            errand.ended.wait(WAIT)
        return errand.succeeded

    def _is_late(self) -> bool:
        begun_at = self._begun_at
        return begun_at is not None and time.monotonic() - begun_at > WAIT

    def _start(self) -> None:
        """A thread of this process: a fork has none of its parent's."""
        if self._process == os.getpid():
            return
        with self._starting:
            if self._process != os.getpid():
                self._forget()
                threading.Thread(target=self._work, args=[self._waiting], name=self.name, daemon=True).start()
                self._process = os.getpid()

    def _work(self, waiting: queue.Queue[_Errand]) -> None:
        while True:
            errand = waiting.get()
            self._begun_at = time.monotonic()
            try:
                errand.call()
            except self._failures as error:
                self._fail(error)
            except Exception:
                log.exception("errand_broken", line=self.name)
                self._fail(None)
            else:
                errand.succeeded = True
                self._failing_since = None
            self._begun_at = None
            errand.ended.set()

    def _fail(self, error: Exception | None) -> None:
        """What stands in line would fail as well, and is let go."""
        self._failing_since = self._failing_since or time.monotonic()
        self._rests_until = time.monotonic() + REST
        dropped = 0
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait().ended.set()
                dropped += 1
        log.warning("errand_failed", line=self.name, error=type(error).__name__, dropped=dropped)
