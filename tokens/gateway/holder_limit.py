"""How often a token's holder may ask of the token itself: that has a limit of its own, and spends no other."""

import time
from typing import Final

import redis
import structlog
from django.conf import settings

from accounts.impatience import impatient

log = structlog.get_logger(__name__)
A_MINUTE: Final = 60
_WINDOW: Final = 60  # seconds
_TIMEOUT: Final = 0.1  # seconds


def wait_for(token: str) -> int:
    """Count one ask of this token; the seconds to wait where the minute has had its sixty, else 0.

    While Redis is away nobody is kept from reading what is theirs."""
    window, into = divmod(int(time.time()), _WINDOW)
    key = f"holder:{token}:{window}"
    try:
        pipeline = impatient(settings.REDIS_URL, _TIMEOUT).pipeline(transaction=False)
        pipeline.incr(key)
        pipeline.expire(key, 2 * _WINDOW)
        asked: int = pipeline.execute()[0]
    except (redis.RedisError, OSError) as error:
        log.warning("holder_limit_not_counted", error=str(error))
        return 0
    return _WINDOW - into if asked > A_MINUTE else 0
