"""Background work about orders and grants. The grant never needs it: whatever is done here was done by a request, or
is late. Every task may be run twice, by two workers at once, and be killed anywhere."""

from celery import shared_task

from accounts.audit import Task
from tiers import announcing
from tiers.actions import redriving
from tiers.actions.orders import sync_order


@shared_task  # type: ignore[untyped-decorator]
def announce_waiting() -> int:
    return announcing.sweep()


@shared_task  # type: ignore[untyped-decorator]
def sync_order_task(pk: int) -> None:
    sync_order(pk=pk, ask=True, by=Task("tiers.sync_order"))


@shared_task  # type: ignore[untyped-decorator]
def redrive_events() -> int:
    return redriving.redrive_events(by=Task("tiers.redrive_events"))
