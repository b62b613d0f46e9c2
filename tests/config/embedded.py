"""A clone to start servers for: a path with spaces under a private home, for root and for an ordinary user."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from config import services
from config.embedded import processes

PROJECT = Path(__file__).resolve().parents[2]
AT_HAND = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from config import services
clone = Path(sys.argv[2])
"""


@dataclass(frozen=True, slots=True)
class Clone:
    path: Path
    home: Path

    @property
    def place(self) -> services.Embedded:
        return services.locate(self.path)

    def postgres(self) -> list[psutil.Process]:
        return processes.working_in(self.place.data / "postgresql", "postgres")

    def redis(self) -> list[psutil.Process]:
        return processes.working_in(self.place.data / "redis", "redis-server")

    def kill(self) -> None:
        """What a crash of the machine's memory killer does: no goodbye, pid files and sockets left."""
        for process in [*self.postgres(), *self.redis()]:
            with contextlib.suppress(psutil.NoSuchProcess):  # Whose parent has just been killed.
                process.send_signal(signal.SIGKILL)
        processes.await_end([*self.postgres(), *self.redis()])


@pytest.fixture
def clone() -> Iterator[Clone]:
    home = Path(tempfile.mkdtemp(prefix="trellis-home-"))
    path = home / "a clone"
    path.mkdir()
    clone = Clone(path, home)
    try:
        yield clone
    finally:
        clone.kill()
        remove(clone.place)
        shutil.rmtree(home)


def remove(place: services.Embedded) -> None:
    shutil.rmtree(place.data, ignore_errors=True)
    shutil.rmtree(place.sockets, ignore_errors=True)
    for suffix in (".lock", ".lease", ".keep"):
        place.sockets.with_suffix(suffix).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Runner:
    """An interpreter, and the user to run it as; without one, oneself."""

    python: str = sys.executable
    user: pwd.struct_passwd | None = None

    def start(self, code: str, clone: Path) -> subprocess.Popen[str]:
        """Run `code` with `services` and `clone` at hand."""
        switch = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        return subprocess.Popen(
            [self.python, "-c", AT_HAND + code, str(PROJECT), str(clone)],
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(psutil.__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **switch,
        )

    def works(self) -> bool:
        try:
            process = self.start("", Path("/"))
        except PermissionError:
            return False
        process.communicate(timeout=90)
        return process.returncode == 0


def start_in_process(clone: Path, code: str) -> subprocess.Popen[str]:
    return Runner().start(code, clone)
