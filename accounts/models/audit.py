"""What was done, by whom, on what, and why. Append-only, and hash-chained per workspace by the database itself."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from accounts.models.workspaces import Workspace

# What the chain covers, in order. `jsonb_build_array` leaves no two rows with the same text.
DIGEST = """encode(sha256(convert_to(jsonb_build_array(
    {row}.previous_hash, {row}.public_id, {row}.workspace_id, {row}.seq, extract(epoch from {row}.at),
    {row}.actor_kind, {row}.actor_id, {row}.actor_name, {row}.action, {row}.subject_type, {row}.subject_id,
    {row}.subject_label, {row}.reason, {row}.before, {row}.after, {row}.request_id, {row}.origin_hash
)::text, 'UTF8')), 'hex')"""

_CHAIN = """
    IF NEW.workspace_id IS NULL THEN
        INSERT INTO accounts_platform (id, audit_seq, audit_head) VALUES (1, 0, '') ON CONFLICT DO NOTHING;
        SELECT audit_seq + 1, audit_head INTO NEW.seq, NEW.previous_hash
            FROM accounts_platform WHERE id = 1 FOR NO KEY UPDATE;
    ELSE
        SELECT audit_seq + 1, audit_head INTO NEW.seq, NEW.previous_hash
            FROM accounts_workspace WHERE id = NEW.workspace_id FOR NO KEY UPDATE;
    END IF;
    NEW.at := now();
    NEW.hash := {digest};
    IF NEW.workspace_id IS NULL THEN
        UPDATE accounts_platform SET audit_seq = NEW.seq, audit_head = NEW.hash WHERE id = 1;
    ELSE
        UPDATE accounts_workspace SET audit_seq = NEW.seq, audit_head = NEW.hash WHERE id = NEW.workspace_id;
    END IF;
    RETURN NEW;
""".replace("{digest}", DIGEST.format(row="NEW"))


class ActorKind(models.TextChoices):
    PERSON = "person", _("Person")
    TASK = "task", _("Task")
    SYSTEM = "system", _("System")


class AuditEvent(models.Model):
    """One thing done. Written by `audit.record()` alone, in the transaction of the change itself.

    `workspace` is null for the platform's own chain. `seq`, `at`, `previous_hash` and `hash` are the trigger's.
    Personal data of the actor (address, e-mail) is in `AuditOrigin`, which can be erased; here is its hash."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    workspace = models.ForeignKey(Workspace, null=True, on_delete=models.PROTECT, related_name="audit_events")
    seq = models.BigIntegerField(default=0)
    at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    origin_hash = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "seq"], name="audit_chain_has_no_fork", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(actor_kind="person", actor__isnull=False)
                | (~Q(actor_kind="person") & Q(actor__isnull=True) & ~Q(actor_name="")),
                name="audit_actor_named",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="audit_by_workspace"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_by_subject"),
        ]
        triggers = [
            pgtrigger.Trigger(name="chain", when=pgtrigger.Before, operation=pgtrigger.Insert, func=_CHAIN),
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                # Test databases alone set this, so that a test can clean up after itself.
                func="""
                    IF coalesce(current_setting('trellis.allow_truncate', true), '') <> 'on' THEN
                        RAISE EXCEPTION 'audit events cannot be removed';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"


class AuditOrigin(models.Model):
    """Where an event came from. May be erased on a person's request without breaking the chain."""

    event = models.OneToOneField(AuditEvent, primary_key=True, on_delete=models.PROTECT, related_name="origin")
    address = models.GenericIPAddressField(null=True)
    email = models.EmailField(blank=True)
    salt = models.CharField(max_length=32)
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"origin of {self.event_id}"


class AuditCheckpoint(models.Model):
    """A digest over the events of all chains up to `last_event_id`, chained to the one before. Copied elsewhere,
    it shows whether a whole chain was rewritten."""

    at = models.DateTimeField(db_default=Now())
    last_event_id = models.BigIntegerField()
    events = models.IntegerField()
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"checkpoint {self.pk}"
