"""Gathering, by a worker: sites answer in seconds."""

from typing import Final

from celery import shared_task
from django.core.cache import cache

from accounts.deferred import publish
from tokens.evidence import gathering

# One that was handed to a worker is not handed out again by the next sweep.
_HANDED_FOR: Final = 300  # seconds


@shared_task  # type: ignore[untyped-decorator]
def gather(pk: int) -> None:
    """Then the rules are tried on what was found."""
    from tokens.rules import applying  # What rules do, actions do, and those hand over this task.

    applying.apply(gathering.gather(pk))


@shared_task  # type: ignore[untyped-decorator]
def gather_due() -> int:
    """Hand out what was never gathered, was lost, or has grown old."""
    handed = [pk for pk in gathering.due() if cache.add(f"evidence:handed:{pk}", True, _HANDED_FOR)]
    for pk in handed:
        publish(gather, pk)
    return len(handed)
