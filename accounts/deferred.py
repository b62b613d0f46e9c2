"""Work for a Celery worker, handed over once the transaction is committed."""

from contextlib import suppress
from typing import Any, Final

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

from accounts.errands import Errands

log = structlog.get_logger(__name__)
# Seconds for one step. A worker's connections wait for messages, so these are no setting of Celery's.
_TIMEOUTS: Final = {"socket_timeout": 1, "socket_connect_timeout": 1}
_FAILURES: Final = (OperationalError, RedisError, OSError)


def after_commit(task: Any, *ids: int | str, countdown: float = 0) -> None:
    """Queue a task, with ids alone, after the commit, to run `countdown` seconds later. It costs the request 50 ms at
    most, whatever became of the broker, and never fails what was already done; so whatever must happen needs a sweep
    that finds it again."""
    transaction.on_commit(lambda: publish(task, *ids, countdown=countdown))


def publish(task: Any, *ids: int | str, countdown: float = 0) -> None:
    if not _broker.errands.run(lambda: _broker.send(task, ids, countdown)):
        log.warning("task_not_queued_in_time", task=task.name)


class _Broker:
    """One connection a process, used by the thread of the errands alone, and opened anew after a failure."""

    def __init__(self) -> None:
        self.errands = Errands("broker", *_FAILURES)
        self._producer: Any = None

    def send(self, task: Any, ids: tuple[int | str, ...], countdown: float) -> None:
        if self._producer is None:
            connection = task.app.connection_for_write(transport_options=_TIMEOUTS)
            self._producer = task.app.amqp.Producer(connection, auto_declare=False)
        try:
            task.apply_async(ids, producer=self._producer, retry=False, countdown=countdown or None)
        except Exception:
            connection, self._producer = self._producer.connection, None
            with suppress(*_FAILURES):
                connection.release()
            raise


_broker = _Broker()
