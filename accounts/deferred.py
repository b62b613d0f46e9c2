"""Work for a Celery worker, handed over once the transaction is committed."""

from typing import Any

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def after_commit(task: Any, *ids: int | str) -> None:
    """Queue a task, with ids alone, after the commit. A dead broker never fails what was already done: publishing
    is bounded by the settings and then given up, so whatever must happen needs a sweep that finds it again."""
    transaction.on_commit(lambda: _queue(task, *ids))


def _queue(task: Any, *ids: int | str) -> None:
    try:
        task.delay(*ids)
    except (OperationalError, OSError) as error:
        log.warning("task_not_queued", task=task.name, error=type(error).__name__)
