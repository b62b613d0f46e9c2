"""What of the import may be late."""

from celery import shared_task

from accounts.audit import Task
from tokens.actions import issue_import


@shared_task  # type: ignore[untyped-decorator]
def open_imported() -> int:
    """Make the access requests of wanted issues whose author has an account by now."""
    return issue_import.open_waiting(by=Task("tokens.open_imported"))
