"""The sweep of the rules of the review desk."""

from celery import shared_task

from tokens.rules import applying


@shared_task  # type: ignore[untyped-decorator]
def apply_to_waiting() -> int:
    return applying.sweep()
