"""What the clock does with access requests: claims lapse, and what was put off comes back."""

from celery import shared_task

from tokens.actions import handling


@shared_task  # type: ignore[untyped-decorator]
def lapse_claims() -> int:
    return handling.lapse_claims()


@shared_task  # type: ignore[untyped-decorator]
def wake_snoozed() -> int:
    return handling.wake_due()
