"""A client of Redis for those who would rather do without it than wait."""

from functools import cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def impatient(url: str, seconds: float) -> redis.Redis:
    """The one client of this process that waits so long for each step, and tries none twice."""
    return redis.Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
    )
