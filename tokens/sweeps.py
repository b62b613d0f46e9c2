"""What the clock does with access requests: claims lapse, what was put off comes back, what nobody answered is brought
before others, and reviewers get their digest."""

from celery import shared_task

from accounts.audit import Task
from tokens import digest, escalation
from tokens.actions import escalating, handling


@shared_task  # type: ignore[untyped-decorator]
def lapse_claims() -> int:
    return handling.lapse_claims()


@shared_task  # type: ignore[untyped-decorator]
def wake_snoozed() -> int:
    return handling.wake_due()


@shared_task  # type: ignore[untyped-decorator]
def escalate_late() -> int:
    return escalating.escalate_due(by=Task("tokens.sweeps.escalate_late"))


@shared_task  # type: ignore[untyped-decorator]
def mail_escalations() -> int:
    return escalation.mail_owed()


@shared_task  # type: ignore[untyped-decorator]
def send_digests() -> int:
    return digest.send_due()
