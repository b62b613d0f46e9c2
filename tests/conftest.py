"""What every test has: real servers, and a Redis as empty as a new one."""

import os

import pytest

from tests.environment import HOLDING

pytest_plugins = ["tests.fixtures.workers"]


def pytest_unconfigure() -> None:
    HOLDING.close()


@pytest.fixture(autouse=True)
def _clean_redis() -> None:
    """Counters, passes and caches of one test are not seen by the next."""
    import redis

    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    client.close()
