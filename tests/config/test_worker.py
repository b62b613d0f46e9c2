"""The worker that tests may ask for is a real one, and serves both queues."""

import subprocess

import pytest

from config.celery import QUEUES, app


@pytest.mark.server
def test_a_worker_serves_every_queue(celery: subprocess.Popen[bytes]) -> None:
    [queues] = app.control.inspect(timeout=20, limit=1).active_queues().values()
    assert {queue["name"] for queue in queues} == set(QUEUES)
    assert celery.poll() is None
