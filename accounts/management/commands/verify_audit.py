"""`manage.py verify_audit`: recompute every chain and checkpoint of the audit. Exit code 1 if one is broken."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit_chain
from accounts.models import AuditCheckpoint, AuditEvent


class Command(BaseCommand):
    help = "Recompute every chain and checkpoint of the audit. Exit code 1 if one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        breaks = audit_chain.verify()
        for found in breaks:
            self.stdout.write(f"{found.chain} #{found.seq} {found.event} {found.what}".replace("  ", " "))
        if breaks:
            raise CommandError(f"the audit is broken in {len(breaks)} places, or more")
        events, checkpoints = AuditEvent.objects.count(), AuditCheckpoint.objects.count()
        self.stdout.write(f"the audit is whole: {events} events, {checkpoints} checkpoints")
