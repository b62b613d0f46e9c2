"""Gathering, by a worker: sites answer in seconds."""

from typing import Final

from celery import shared_task
from django.core.cache import cache

from accounts.deferred import publish
from tiers.claims import claimed
from tokens.evidence import gathering

# Seconds after which one that found another at work on the same request tries anew.
_AGAIN: Final = 5
# One that was handed to a worker is not handed out again by the next sweep.
_HANDED_FOR: Final = 300  # seconds


@shared_task  # type: ignore[untyped-decorator]
def gather(pk: int) -> None:
    """Then the rules are tried on what was found. One at a time of a request, the later one after the earlier: it may
    be there because of something that the earlier one has not seen."""
    from tokens.rules import applying  # What rules do, actions do, and those hand over this task.

    with claimed(f"evidence:{pk}") as ours:
        if not ours:
            publish(gather, pk, countdown=_AGAIN)
            return
        applying.apply(gathering.gather(pk))


@shared_task  # type: ignore[untyped-decorator]
def gather_due() -> int:
    """Hand out what was never gathered, was lost, or has grown old."""
    handed = [pk for pk in gathering.due() if cache.add(f"evidence:handed:{pk}", True, _HANDED_FOR)]
    for pk in handed:
        publish(gather, pk)
    return len(handed)
