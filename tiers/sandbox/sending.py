"""The sandbox tells Trellis: signed messages over real HTTP, tried again until they are answered 2xx."""

import time
from datetime import datetime, timedelta
from typing import Final

import httpx
from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse

from accounts import clock
from tiers.models import SandboxDelivery, SandboxMessage
from tiers.sandbox import signing

TIMEOUT_SECONDS: Final = 10.0
# A message that somebody has taken up is left alone for so long: longer than two deliveries can last.
_TAKEN_FOR: Final = timedelta(seconds=30)
_MOST_TRIES: Final = 8
_AT_ONCE: Final = 100


def send_due(messages: QuerySet[SandboxMessage] | None = None) -> int:
    """Deliver what is due, in its order, and say how many messages that were. Whoever comes at the same time takes
    others: each is claimed first, and a claim whose owner died ends by itself. Never within a transaction."""
    sent = 0
    now = clock.now()
    due = (messages if messages is not None else SandboxMessage.objects.all()).filter(deliver_at__lte=now)
    for message in due.order_by("deliver_at", "place", "pk")[:_AT_ONCE]:
        claimed = SandboxMessage.objects.filter(pk=message.pk, deliver_at=message.deliver_at)
        if claimed.update(deliver_at=now + _TAKEN_FOR, tries=F("tries") + 1):
            _send(message)
            sent += 1
    return sent


def _send(message: SandboxMessage) -> None:
    answered = [_deliver(message) for _ in range(message.times)]
    tries = message.tries + 1
    again: datetime | None = None
    if not all(answered) and tries < _MOST_TRIES:
        again = clock.now() + timedelta(seconds=2**tries)
    SandboxMessage.objects.filter(pk=message.pk).update(deliver_at=again)


def _deliver(message: SandboxMessage) -> bool:
    """One attempt, noted with its answer; whether it was taken."""
    url = settings.SITE_URL + reverse("webhooks:sandbox")
    headers = signing.headers(message.event_id, message.body, clock.now())
    begun = time.perf_counter()
    status, answer = None, ""
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            response = client.post(url, content=message.body, headers=headers)
        status, answer = response.status_code, response.text[:500]
    except httpx.HTTPError as error:
        answer = f"{type(error).__name__}: {error}"[:500]
    took = (time.perf_counter() - begun) * 1000
    SandboxDelivery.objects.create(message=message, http_status=status, answer=answer, took_ms=round(took, 1))
    return status is not None and 200 <= status < 300
