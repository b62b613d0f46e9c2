"""The embedded PostgreSQL and Redis: real servers of this clone's own, used when no URL is given."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


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
    data = Path("/var/lib/trellis") / digest if root else clone / "var"
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
