"""Background work about orders and grants. The grant never needs it: whatever is done here was done by a request, or
is late. Every task may be run twice, by two workers at once, and be killed anywhere."""

from celery import shared_task

from accounts.audit import Task
from tiers import announcing, order_mails
from tiers.actions import invariants, notices, reconciling, redriving, watching
from tiers.actions.orders import sync_order
from tiers.models import Provider


@shared_task  # type: ignore[untyped-decorator]
def announce_waiting() -> int:
    return announcing.sweep()


@shared_task  # type: ignore[untyped-decorator]
def sync_order_task(pk: int) -> None:
    sync_order(pk=pk, ask=True, by=Task("tiers.sync_order"))


@shared_task  # type: ignore[untyped-decorator]
def redrive_events() -> int:
    return redriving.redrive_events(by=Task("tiers.redrive_events"))


@shared_task  # type: ignore[untyped-decorator]
def watch_unsettled() -> int:
    return watching.watch_unsettled(by=Task("tiers.watch_unsettled"))


@shared_task  # type: ignore[untyped-decorator]
def end_periods() -> int:
    return watching.end_periods(by=Task("tiers.end_periods"))


@shared_task  # type: ignore[untyped-decorator]
def refund_unfulfilled() -> int:
    return watching.refund_unfulfilled(by=Task("tiers.refund_unfulfilled"))


@shared_task  # type: ignore[untyped-decorator]
def reconcile_all() -> list[str]:
    """A task for each provider that can be asked, so that one that hangs does not keep the others waiting."""
    names = watching.askable()
    for name in names:
        reconcile.delay(name)
    return names


@shared_task  # type: ignore[untyped-decorator]
def reconcile_often() -> list[str]:
    """The same for what changed in the last minutes: a refund that nobody told of must not stay open for an hour."""
    names = watching.askable()
    for name in names:
        reconcile.delay(name, often=True)
    return names


@shared_task  # type: ignore[untyped-decorator]
def reconcile(name: str, often: bool = False) -> None:
    reconciling.reconcile(name=Provider(name), by=Task("tiers.reconcile"), often=often)


@shared_task  # type: ignore[untyped-decorator]
def check_invariants() -> int:
    return invariants.check_invariants(by=Task("tiers.check_invariants"))


@shared_task  # type: ignore[untyped-decorator]
def warn_before_expiry() -> int:
    return notices.note_endings()


@shared_task  # type: ignore[untyped-decorator]
def mail_owed_notices() -> int:
    """The only way in which these mails are sent: what is owed was written down with what it tells of."""
    return order_mails.send_owed()
