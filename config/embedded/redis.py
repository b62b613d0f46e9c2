"""A Redis of this clone's own, on a unix socket alone, with its append-only file on."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from config.embedded import folders, processes
from config.environment import fail

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "yes",
    "databases": "64",
    "appendonly": "yes",
    "appendfsync": "everysec",
    # To write the file anew takes a core for a second, on which decisions wait: not each 13 s under load.
    "auto-aof-rewrite-min-size": "512mb",
    "save": "",
    "maxmemory-policy": "noeviction",
    "dir": "./",
    "logfile": "redis.log",
    "pidfile": "redis.pid",
}
START_SECONDS = 60
PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Redis:
    """Started, found and stopped. Callers hold the clone's lock."""

    home: Path
    sockets: Path
    account: folders.Account

    title = "Redis"

    @property
    def data(self) -> Path:
        return self.home / "redis"

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    def start(self) -> None:
        """Make sure that it answers, whatever a crash left behind. Raises ConfigurationError."""
        if self.runs() and self._answers():
            return
        processes.end(processes.working_in(self.data, "redis-server"), signal.SIGTERM)
        self.account.own_folder(self.data)
        self._launch()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if not self.runs() or time.monotonic() > deadline:
                fail("embedded Redis", f"does not start: {self._reason()} (see {self.data / 'redis.log'})")
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """SIGTERM writes out the append-only file first."""
        processes.end(processes.working_in(self.data, "redis-server"), signal.SIGTERM)

    def runs(self) -> bool:
        return self.data.exists() and bool(processes.working_in(self.data, "redis-server"))

    def _launch(self) -> None:
        arguments = [f for name, value in self._settings().items() for f in (f"--{name}", value)]
        program = folders.programs(self.account) / folders.REDIS
        try:
            with (self.home / "redis.log").open("ab") as log:
                before = log.tell()
                done = self.account.run([program, *arguments], self.data, log)
        except OSError as error:
            fail(str(self.home / "redis.log"), f"cannot be written: {error.strerror}")
        if done.returncode:
            said = (self.home / "redis.log").read_bytes()[before:].decode(errors="replace").strip().splitlines()
            fail("embedded Redis", f"does not start: {said[-1] if said else 'no reason given'}")

    def _settings(self) -> dict[str, str]:
        return {**SETTINGS, "unixsocket": str(self.socket)}

    def _answers(self) -> bool:
        """Loading a large file answers BusyLoading, which is a no for now."""
        client = redis.Redis(unix_socket_path=str(self.socket), socket_connect_timeout=2, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _reason(self) -> str:
        try:
            lines = (self.data / "redis.log").read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        warnings = [line for line in lines if " # " in line]
        return (warnings or lines or ["no reason given"])[-1]
