"""Decisions on access requests, each a row of its own: who decided what, on which terms, whether it stands."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from tiers.models import AIModel, GrantPermission, LimitColumns, Tier
from tiers.models.limits import limits_in_bounds
from tokens.models.requests import AccessRequest
from tokens.models.rules import RuleVersion


class Outcome(models.TextChoices):
    ENDORSED = "endorsed", _("First approval")
    APPROVED = "approved", _("Approved")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    REJECTED = "rejected", _("Rejected")


class Decision(LimitColumns):
    """Append-only but for what became of it. By a person, or by a version of a rule.

    `version` is the request's after it: a request that has another by now was acted upon since. `restores` is what the
    request was before, by column, for undoing. An approval that needed two names the first in `endorsement`; a first
    approval that no longer counts has `lapsed_at`. The applicant's mail waits until `mail_at`, so that an undone
    decision is never mailed. `batch` is shared by what was decided in one go. `chosen_models`, by name, were given of
    the tier that was asked for, beside a lower one or in place of any."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    access_request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=20, choices=Outcome)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rule = models.ForeignKey(RuleVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField(db_default=Now())
    version = models.PositiveIntegerField()
    note = models.TextField(max_length=4000, blank=True)
    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(AIModel, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    chosen_models = ArrayField(models.CharField(max_length=100), default=list, db_default=[], blank=True)
    permissions = ArrayField(models.CharField(max_length=10, choices=GrantPermission), default=list, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    endorsement = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="completed_by"
    )
    restores = models.JSONField(default=dict)
    batch = models.CharField(max_length=12, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=False, rule=None) | Q(by=None, rule__isnull=False),
                name="decision_by_a_person_or_a_rule",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="decision_undone_pair",
            ),
            models.CheckConstraint(
                condition=Q(reopened_at=None, reopened_by=None)
                | Q(reopened_at__isnull=False, reopened_by__isnull=False),
                name="decision_reopened_pair",
            ),
            models.CheckConstraint(
                condition=Q(endorsement=None) | Q(outcome=Outcome.APPROVED), name="decision_endorsed_is_approved"
            ),
            limits_in_bounds("decision_limits_in_bounds"),
        ]
        indexes = [
            models.Index(fields=["access_request", "-id"], name="decision_by_request"),
            models.Index(fields=["-at"], name="decision_by_time"),
            models.Index(fields=["by", "-at"], name="decision_by_person"),
            models.Index(fields=["batch"], name="decision_by_batch", condition=~Q(batch="")),
            models.Index(
                fields=["mail_at"],
                name="decision_to_mail",
                condition=Q(mail_at__isnull=False, mailed_at=None, undone_at=None),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="as_it_was_made",
                fields=[
                    "access_request",
                    "outcome",
                    "by",
                    "rule",
                    "at",
                    "tier",
                    "model",
                    "chosen_models",
                    "permissions",
                    "until",
                    "note",
                    "endorsement",
                ],
            ),
            pgtrigger.Trigger(
                name="two_approvals_by_two_people",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__endorsement__isnull=False),
                func="""
                    IF EXISTS (SELECT 1 FROM tokens_decision
                               WHERE id = NEW.endorsement_id AND by_id IS NOT DISTINCT FROM NEW.by_id) THEN
                        RAISE EXCEPTION 'a second approval is by somebody else than the first'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.public_id}"

    @property
    def decider(self) -> str:
        """Whoever decided, in words."""
        return self.by.display_name if self.by else self.rule.in_words if self.rule else ""

    @property
    def stands(self) -> bool:
        return self.undone_at is None and self.reopened_at is None and self.lapsed_at is None
