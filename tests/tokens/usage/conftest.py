from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from pytest_django import Settings

from tests.tokens.usage import lossy


@pytest.fixture
def server() -> Iterator["redis.Redis[bytes]"]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    client.close()


@pytest.fixture
def line(server: "redis.Redis[bytes]", settings: Settings) -> Iterator[lossy.Line]:
    """Between the counts and Redis; `server` looks at it from the other side."""
    with lossy.line() as made:
        settings.REDIS_URL = made.url
        yield made
