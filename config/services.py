"""The embedded PostgreSQL and Redis: real servers of this clone's own, used when no URL is given.

They run as long as somebody holds them (`hold`): a file lock counts the holders, so a holder that was killed does not
count, and the last one to leave stops them. `keep` lets them run on.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from config.embedded import folders
from config.embedded.postgresql import PostgreSQL
from config.embedded.redis import Redis
from config.environment import fail

SERVERS = ("postgresql", "redis")


@dataclass(frozen=True, slots=True)
class Embedded:
    """Where this clone's own servers are, whether or not they run now."""

    data: Path
    sockets: Path
    database_url: str
    redis_url: str


def locate(clone: Path) -> Embedded:
    """The servers of this clone; no I/O. As root the data lies outside the clone, which PostgreSQL's
    unprivileged user could not reach. Sockets lie in a short folder: their paths may have 107 bytes at most."""
    digest = hashlib.sha256(os.fsencode(clone)).hexdigest()[:12]
    root = os.geteuid() == 0
    data = folders.SYSTEM_DATA / digest if root else clone / "var"
    sockets = Path("/run/trellis" if root else f"/tmp/trellis-{os.geteuid()}") / digest  # noqa: S108 (made 0700)
    return Embedded(
        data=data,
        sockets=sockets,
        database_url=f"postgresql://trellis@/trellis?host={sockets}",
        redis_url=f"unix://{sockets}/redis.sock?db=0",
    )


def celery_url(redis_url: str) -> str:
    """Kombu's spelling of a Redis URL: sockets are `redis+socket://…?virtual_host=0`."""
    if redis_url.startswith("unix://"):
        return redis_url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
    return redis_url


def missing() -> tuple[str, ...]:
    """The servers that the environment gives no URL for."""
    variables = {"postgresql": "DATABASE_URL", "redis": "REDIS_URL"}
    return tuple(server for server in SERVERS if not os.environ.get(variables[server], "").strip())


@contextlib.contextmanager
def hold(clone: Path, servers: tuple[str, ...] = SERVERS) -> Iterator[Embedded]:
    """Have the servers run for as long as the block does. Raises ConfigurationError."""
    place = locate(clone)
    if not servers:
        yield place
        return
    _prepare(clone, place)
    with _file(place, "lease") as lease:
        with _locked(place):
            fcntl.flock(lease, fcntl.LOCK_SH)
            _start(clone, place, servers)
        try:
            yield place
        finally:
            with _locked(place):
                if not _mark(place).exists() and _alone(lease):
                    _stop(place)


def ensure(clone: Path, servers: tuple[str, ...] = SERVERS) -> Embedded:
    """Have the servers run now, and start again those that died. Raises ConfigurationError."""
    place = locate(clone)
    _prepare(clone, place)
    with _locked(place):
        _start(clone, place, servers)
    return place


def keep(clone: Path, servers: tuple[str, ...] = SERVERS) -> Embedded:
    """Have the servers run until `stop`, whoever leaves."""
    place = ensure(clone, servers)
    _mark(place).touch()
    return place


def stop(clone: Path) -> None:
    """Stop the servers, whoever holds them."""
    place = locate(clone)
    _prepare(clone, place)
    with _locked(place):
        _mark(place).unlink(missing_ok=True)
        _stop(place)


def _start(clone: Path, place: Embedded, servers: tuple[str, ...]) -> None:
    chosen: dict[str, type[PostgreSQL] | type[Redis]] = {"postgresql": PostgreSQL, "redis": Redis}
    for name in servers:
        chosen[name](place.data, place.sockets, folders.current_account()).start()
    _write_record(clone, place)


def _stop(place: Embedded) -> None:
    account = folders.current_account()
    PostgreSQL(place.data, place.sockets, account).stop()
    Redis(place.data, place.sockets, account).stop()


def _prepare(clone: Path, place: Embedded) -> None:
    """Folders above the servers' own are made where missing and otherwise only looked at."""
    account = folders.current_account()
    if account.switched:
        folders.private_folder(folders.SYSTEM_DATA, 0o755)
        folders.private_folder(place.data, 0o711)
    try:
        (clone / "var").mkdir(exist_ok=True)
    except OSError as error:
        fail(str(clone / "var"), f"cannot be made: {error.strerror}")
    folders.private_folder(place.sockets.parent, 0o711 if account.switched else 0o700)
    account.own_folder(place.sockets)


def _write_record(clone: Path, place: Embedded) -> None:
    """`var/services.json` tells people and scripts where the data lies and how to connect."""
    path = clone / "var" / "services.json"
    text = json.dumps({name: str(value) for name, value in asdict(place).items()}, indent=2) + "\n"
    try:
        if path.exists() and path.read_text() == text:
            return
        draft = path.with_name(f"services.json.{os.getpid()}")
        draft.write_text(text)
        draft.rename(path)
    except OSError as error:
        fail(str(path), f"cannot be written: {error.strerror}")


def _mark(place: Embedded) -> Path:
    return place.sockets.with_suffix(".keep")


@contextlib.contextmanager
def _file(place: Embedded, suffix: str) -> Iterator[int]:
    """Beside the servers' folder, never in it: root opens no file where `nobody` could lay a link."""
    path = place.sockets.with_suffix(f".{suffix}")
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        fail(str(path), f"cannot be opened: {error.strerror}")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(place: Embedded) -> Iterator[None]:
    with _file(place, "lock") as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _alone(lease: int) -> bool:
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
