"""Celery: two queues, so that mail and sweeps never wait in front of what changes rights."""

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

QUEUES = ("rights", "rest")
# Every task and its queue.
ROUTES: dict[str, dict[str, str]] = {
    task: {"queue": queue}
    for queue, tasks in {
        "rights": [
            "tiers.tasks.announce_waiting",
            "tiers.tasks.redrive_events",
            "tiers.tasks.check_invariants",
            "tiers.tasks.end_periods",
            "tiers.tasks.sync_order_task",
            "tiers.tasks.watch_unsettled",
        ],
        "rest": [
            "accounts.tasks.checkpoint_audit",
            "accounts.tasks.mail_invitation",
            "accounts.tasks.mail_waiting_invitations",
            "tiers.sandbox.tasks.send_sandbox_messages",
            "tiers.sandbox.tasks.sweep_sandbox_messages",
            "tiers.tasks.mail_owed_notices",
            "tiers.tasks.reconcile",
            "tiers.tasks.reconcile_all",
            "tiers.tasks.reconcile_often",
            "tiers.tasks.refund_unfulfilled",
            "tiers.tasks.warn_before_expiry",
            "tokens.sweeps.escalate_late",
            "tokens.sweeps.lapse_claims",
            "tokens.sweeps.mail_escalations",
            "tokens.sweeps.send_digests",
            "tokens.sweeps.wake_snoozed",
            "tokens.evidence.tasks.gather",
            "tokens.evidence.tasks.gather_due",
            "tokens.issue_import.tasks.open_imported",
            "tokens.rules.tasks.apply_to_waiting",
            "tokens.tasks.fold_usage",
            "tokens.tasks.mail_decisions",
            "tokens.tasks.tell_applicant",
            "tokens.tasks.tell_owners_of_leak",
            "tokens.tasks.tell_person",
            "tokens.tasks.tell_reviewers",
            "tokens.tasks.tidy_usage",
        ],
    }.items()
    for task in tasks
}


def _every(seconds: int, task: str) -> dict[str, Any]:
    """What waits for a worker that is away is dropped once the next one is due."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


# Every periodic task, by name.
SCHEDULE: dict[str, dict[str, Any]] = {
    "checkpoint-audit": _every(60, "accounts.tasks.checkpoint_audit"),
    "mail-waiting-invitations": _every(60, "accounts.tasks.mail_waiting_invitations"),
    "announce-waiting": _every(2, "tiers.tasks.announce_waiting"),
    "sweep-sandbox-messages": _every(5, "tiers.sandbox.tasks.sweep_sandbox_messages"),
    "redrive-events": _every(10, "tiers.tasks.redrive_events"),
    "mail-owed-notices": _every(10, "tiers.tasks.mail_owed_notices"),
    "watch-unsettled": _every(60, "tiers.tasks.watch_unsettled"),
    "end-periods": _every(60, "tiers.tasks.end_periods"),
    "refund-unfulfilled": _every(300, "tiers.tasks.refund_unfulfilled"),
    "warn-before-expiry": _every(3600, "tiers.tasks.warn_before_expiry"),
    "check-invariants": _every(3600, "tiers.tasks.check_invariants"),
    "reconcile-often": _every(60, "tiers.tasks.reconcile_often"),
    "reconcile-all": _every(3600, "tiers.tasks.reconcile_all"),
    "escalate-late": _every(60, "tokens.sweeps.escalate_late"),
    "mail-escalations": _every(60, "tokens.sweeps.mail_escalations"),
    "send-digests": _every(300, "tokens.sweeps.send_digests"),
    "lapse-claims": _every(30, "tokens.sweeps.lapse_claims"),
    "wake-snoozed": _every(30, "tokens.sweeps.wake_snoozed"),
    "gather-due": _every(60, "tokens.evidence.tasks.gather_due"),
    "open-imported": _every(10, "tokens.issue_import.tasks.open_imported"),
    "mail-decisions": _every(5, "tokens.tasks.mail_decisions"),
    "apply-rules": _every(60, "tokens.rules.tasks.apply_to_waiting"),
    "fold-usage": _every(5, "tokens.tasks.fold_usage"),
    "tidy-usage": _every(3600, "tokens.tasks.tidy_usage"),
}

app = Celery("trellis")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_routes = ROUTES
app.conf.beat_schedule = SCHEDULE
app.autodiscover_tasks()
app.autodiscover_tasks(["tiers"], related_name="sandbox.tasks")
app.autodiscover_tasks(["tokens"], related_name="sweeps")
app.autodiscover_tasks(["tokens"], related_name="issue_import.tasks")
app.autodiscover_tasks(["tokens"], related_name="rules.tasks")
app.autodiscover_tasks(["tokens"], related_name="evidence.tasks")
