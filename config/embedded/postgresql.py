"""A PostgreSQL of this clone's own, on a unix socket alone."""

import contextlib
import shlex
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from config.embedded import folders, processes
from config.environment import fail

# Fit for development on a laptop; durable, so fsync stays on.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    # Parallel queries need a /dev/shm larger than containers have.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
RECOVERY_SECONDS = 60
CREATE_DATABASE: LiteralString = "CREATE DATABASE trellis"


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """Started, found and stopped. Callers hold the clone's lock."""

    home: Path
    sockets: Path
    account: folders.Account

    title = "PostgreSQL"

    @property
    def data(self) -> Path:
        return self.home / "postgresql"

    @property
    def log(self) -> Path:
        return self.home / "postgresql.log"

    def start(self) -> None:
        """Make sure that it answers, whatever a crash left behind. Raises ConfigurationError."""
        if not (self.runs() and self._answers()):
            self._clear()
            if not (self.data / "PG_VERSION").exists():
                self._create()
            options = shlex.join(f"--{name}={value}" for name, value in self._settings().items())
            self._run("pg_ctl", "start", "-s", "-w", "-t", str(RECOVERY_SECONDS), "-o", options, data=self.data)
        self._create_database()

    def stop(self) -> None:
        if self.runs():
            self._run("pg_ctl", "stop", "-s", "-w", "-m", "fast", "-t", str(RECOVERY_SECONDS), data=self.data)

    def runs(self) -> bool:
        """Whether the process that the pid file names is a PostgreSQL on these very data."""
        return self._recorded_pid() in {process.pid for process in processes.working_in(self.data, "postgres")}

    def _recorded_pid(self) -> int:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return 0

    def _settings(self) -> dict[str, str]:
        return {**SETTINGS, "unix_socket_directories": str(self.sockets)}

    def _answers(self) -> bool:
        """Wait out a recovery or a shutdown; anything else that goes wrong is a no."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                self._connect().close()
                return True
            except psycopg.OperationalError as error:
                if not _passing(error) or time.monotonic() > deadline or not self.runs():
                    return False
                time.sleep(0.1)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets),
            dbname="postgres",
            user="trellis",
            connect_timeout=10,
            options="",
            autocommit=True,
        )

    def _clear(self) -> None:
        """End what runs on our data without answering, and forget the pid files of processes that are gone."""
        processes.end(processes.working_in(self.data, "postgres"), signal.SIGINT)
        for stale in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def _create(self) -> None:
        """Made beside its place and renamed when whole, so a half-made one is never taken for data."""
        draft = self.home / "postgresql.new"
        shutil.rmtree(draft, ignore_errors=True)
        self.account.own_folder(draft)
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        self._run("initdb", "-U", "trellis", "-A", "trust", "-E", "UTF8", *locale, "--no-instructions", data=draft)
        with contextlib.suppress(FileNotFoundError):
            self.data.rmdir()
        draft.rename(self.data)

    def _create_database(self) -> None:
        with self._connect() as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = 'trellis'").rowcount
            if not found:
                connection.execute(CREATE_DATABASE)

    def _run(self, program: str, *arguments: str, data: Path) -> None:
        command = folders.programs(self.account) / folders.POSTGRESQL / "bin" / program
        try:
            with self.log.open("ab") as log:
                before = log.tell()
                done = self.account.run([command, "-D", data, *arguments], self.home, log)
        except OSError as error:
            fail(str(self.log), f"cannot be written: {error.strerror}")
        if done.returncode:
            fail("embedded PostgreSQL", f"failed: {_reason(self.log, before)} (see {self.log})")


def _passing(error: psycopg.OperationalError) -> bool:
    return "starting up" in str(error) or "shutting down" in str(error) or "recovery" in str(error)


def _reason(log: Path, start: int) -> str:
    """The line of the log that says why: the last that PostgreSQL itself marks as an error."""
    with log.open("rb") as lines:
        lines.seek(start)
        said = [line.decode(errors="replace").strip() for line in lines if line.strip()]
    marked = [line for line in said if any(mark in line for mark in ("FATAL:", "PANIC:", "error:"))]
    return (marked or said or ["no reason given"])[-1]
