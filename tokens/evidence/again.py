"""Gathering anew, which a reviewer asked for: how often, and whether it is under way. Websites of strangers are asked
each time, so one person at a button must not become a load on them."""

import time
from typing import Final

import redis
import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import clock
from accounts.errors import TooMany
from accounts.impatience import impatient
from accounts.models import User
from tokens.models import AccessRequest

log = structlog.get_logger(__name__)
# Of one access request at most one in so many seconds, whoever asks; of one person so many in that time.
EVERY: Final = 60
OF_A_PERSON: Final = 10
_TIMEOUT: Final = 0.1  # seconds


def check_again(access_request: AccessRequest, by: User) -> None:
    """Count it, and note that it is under way. Raises TooMany, with the seconds to wait as `retry_after`.

    While Redis is away nobody is kept from it: nothing can be handed to a worker then."""
    window, into = divmod(int(time.time()), EVERY)
    try:
        pipeline = impatient(settings.REDIS_URL, _TIMEOUT).pipeline(transaction=False)
        pipeline.incr(f"evidence:by:{by.pk}:{window}")
        pipeline.expire(f"evidence:by:{by.pk}:{window}", 2 * EVERY)
        times = pipeline.execute()[0]
        if times > OF_A_PERSON:
            raise TooMany(_too_many(EVERY - into), retry_after=EVERY - into)
        left = _taken(access_request)
    except (redis.RedisError, OSError) as error:
        log.warning("gathering_not_counted", error=str(error))
        return
    if left:
        raise TooMany(_too_soon(left), retry_after=left)


def is_under_way(access_request: AccessRequest) -> bool:
    """Asked for within the last minute, and nothing was kept since."""
    try:
        asked_at = impatient(settings.REDIS_URL, _TIMEOUT).get(_key(access_request))
    except (redis.RedisError, OSError):
        return False
    gathered = access_request.signals_at
    return asked_at is not None and (gathered is None or gathered.timestamp() < float(asked_at))


def _taken(access_request: AccessRequest) -> int:
    """The seconds until it may be asked for; 0 where it is ours now."""
    server, key = impatient(settings.REDIS_URL, _TIMEOUT), _key(access_request)
    if server.set(key, clock.now().timestamp(), nx=True, ex=EVERY):
        return 0
    return max(1, int(server.ttl(key)))


def _key(access_request: AccessRequest) -> str:
    return f"evidence:again:{access_request.pk}"


def _too_soon(left: int) -> str:
    text = ngettext(
        "This access request was checked a moment ago. Check it again in %(number)d second.",
        "This access request was checked a moment ago. Check it again in %(number)d seconds.",
        left,
    )
    return text % {"number": left}


def _too_many(left: int) -> str:
    text = _("You had %(most)d access requests checked within a minute. Go on in %(number)d s.")
    return text % {"most": OF_A_PERSON, "number": left}
