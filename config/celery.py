"""Celery: two queues, so that mail and sweeps never wait in front of what changes rights."""

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

QUEUES = ("rights", "rest")
# Every periodic task, by name: {"task": …, "schedule": seconds, "options": {"queue": …}}.
SCHEDULE: dict[str, dict[str, Any]] = {
    "checkpoint-audit": {
        "task": "accounts.tasks.checkpoint_audit",
        "schedule": 60,
        "options": {"queue": "rest", "expires": 60},
    },
    "mail-waiting-invitations": {
        "task": "accounts.tasks.mail_waiting_invitations",
        "schedule": 60,
        "options": {"queue": "rest", "expires": 60},
    },
}

app = Celery("trellis")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = SCHEDULE
app.autodiscover_tasks()
