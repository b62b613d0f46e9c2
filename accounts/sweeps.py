"""When each periodic task last came to its end, kept in Redis: workers run on any machine, and any process may tell.

What Redis loses is known again after the next run."""

import time
from typing import Any, Final, cast

import redis
import structlog
from celery.signals import task_success
from django.conf import settings

log = structlog.get_logger(__name__)
KEY: Final = "sweeps:ended"
TIMEOUT_SECONDS: Final = 1


def connect() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def periodic(app: Any) -> set[str]:
    """The names of the tasks that the clock starts."""
    return {entry["task"] for entry in app.conf.beat_schedule.values()}


@task_success.connect(dispatch_uid="accounts.sweeps")  # type: ignore[untyped-decorator]
def note_end(sender: Any, **_values: Any) -> None:
    """For a task that did its work: it has not failed because nobody could be told of it."""
    if sender.name not in periodic(sender.app):
        return
    client = connect()
    try:
        client.hset(KEY, sender.name, str(time.time()))
    except redis.RedisError as error:
        log.warning("sweep_not_noted", task=sender.name, error=str(error))
    finally:
        client.close()


def ended(client: redis.Redis) -> dict[str, float]:
    """task → when it last ended well, in Unix seconds. Raises RedisError."""
    found = cast("dict[bytes, bytes]", client.hgetall(KEY))
    return {name.decode(): float(at) for name, at in found.items()}
