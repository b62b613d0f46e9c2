"""Deliveries for which nobody waits at a page."""

from celery import shared_task
from django.conf import settings

from tiers.models import SandboxMessage
from tiers.sandbox.sending import send_due


@shared_task  # type: ignore[untyped-decorator]
def send_sandbox_messages(payment: int) -> None:
    """Those of one payment that are due: at the time at which the next one is."""
    if settings.DEMO:
        send_due(SandboxMessage.objects.filter(payment=payment))


@shared_task  # type: ignore[untyped-decorator]
def sweep_sandbox_messages() -> int:
    """Whatever is due: what the broker lost, and what was not taken. Nothing where there is no demo."""
    return send_due() if settings.DEMO else 0
