"""Which processor serves and which one loads: what is measured has one core to itself, and the load, PostgreSQL and
Redis have the others. On a machine with one core all share it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import redis
from django.conf import settings
from django.db import connection

from config import services
from tests.environment import CLONE

ALL = sorted(os.sched_getaffinity(0))
SERVING, OTHERS = ALL[:1], ALL[1:] or ALL


def apart() -> list[str]:
    """Before a command: on the core that serves, alone."""
    return _on(SERVING)


def beside() -> list[str]:
    """Before a command: on the other cores."""
    return _on(OTHERS)


def _on(cores: list[int]) -> list[str]:
    return ["taskset", "--cpu-list", ",".join(map(str, cores))]


@contextmanager
def data_servers_beside() -> Iterator[bool]:
    """Keep PostgreSQL and Redis off the core that serves, where they are the embedded ones: others are not ours to
    move. Whether that was done for both."""
    sockets = str(services.locate(CLONE).sockets)
    postgresql, store = sockets in settings.DATABASE_URL, sockets in settings.REDIS_URL
    processes = [*(_postgresql() if postgresql else []), *(_redis() if store else [])]
    _move(processes, OTHERS)
    try:
        yield postgresql and store
    finally:
        _move(processes, ALL)


def _postgresql() -> list[psutil.Process]:
    """What it starts later is where the first of its processes is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        first = psutil.Process(cursor.fetchone()[0]).parent()
    return [] if first is None else [first, *first.children(recursive=True)]


def _redis() -> list[psutil.Process]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    try:
        return [psutil.Process(client.info("server")["process_id"])]
    finally:
        client.close()


def _move(processes: list[psutil.Process], cores: list[int]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.cpu_affinity(cores)


def worked_seconds(server: int) -> float:
    """What a server's processes have worked so far; 0 for none."""
    if not server:
        return 0.0
    first = psutil.Process(server)
    times = [process.cpu_times() for process in (first, *first.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def resident_mb(server: int) -> float:
    """Memory of the largest process of a server, in MB, shared pages included. A single worker has no parent."""
    first = psutil.Process(server)
    return max(process.memory_info().rss for process in (first, *first.children(recursive=True))) / 1e6
