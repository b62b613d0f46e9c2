"""Access requests: an applicant's ask for a first token, a higher tier, or a gated model."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from accounts.models import Workspace
from accounts.rights import raises_rights_version
from accounts.search import Words
from tiers.models import AIModel, Tier
from tokens.models.applications import Application


class RequestState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN = (RequestState.DRAFT, RequestState.SUBMITTED, RequestState.IN_REVIEW, RequestState.CHANGES_REQUESTED)
TO_DECIDE = (RequestState.SUBMITTED, RequestState.IN_REVIEW)
DECIDED = (RequestState.APPROVED, RequestState.REJECTED)
CLOSED = (*DECIDED, RequestState.WITHDRAWN)
_BY_A_PERSON = Q(decided_by__isnull=False, decided_rule=None)
_BY_A_RULE = Q(decided_by=None, decided_rule__isnull=False)


class AccessRequest(models.Model):
    """Asks for one subject, a tier or a model, for one application. `version` counts changes, so that a decision
    on what somebody else has changed meanwhile is noticed. `granted_tier` may be lower than asked, or none where only
    `granted_models` of it were given (by name).

    `due_at`: when reviewers mean to have answered; the time that it waits for the applicant (since `asked_at`) is added
    to it. A claim lapses at `claim_ends_at`. Snoozed: `snoozed_at` is set and `snoozed_until` is null (until an answer)
    or to come. `language` is the applicant's when it was sent; `repositories` and `wording` are what later ones are
    compared with (`tokens/evidence`). Decided by a person, or by a version of a rule."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="access_requests")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="access_requests")
    applicant = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(AIModel, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=20, choices=RequestState, default=RequestState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    purpose = models.TextField(_("purpose"), max_length=2000, blank=True)
    expected_volume = models.PositiveIntegerField(_("calls per day, expected"), null=True, blank=True)
    users = models.CharField(_("who uses it"), max_length=300, blank=True)
    links = models.TextField(_("links"), max_length=1000, blank=True)
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="later")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_rule = models.ForeignKey(
        "tokens.RuleVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decision_reason = models.TextField(max_length=2000, blank=True)
    granted_tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    granted_models = ArrayField(models.CharField(max_length=100), default=list, db_default=[], blank=True)
    granted_until = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=10, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    claim_ends_at = models.DateTimeField(null=True, blank=True)
    group = models.ForeignKey(
        "tokens.ReviewGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="access_requests"
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    snoozed_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signals_at = models.DateTimeField(null=True, blank=True)
    repositories = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    wording = ArrayField(models.IntegerField(), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tier__isnull=False, model__isnull=True) | Q(tier__isnull=True, model__isnull=False),
                name="request_of_one_subject",
            ),
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="request_state_known"),
            models.CheckConstraint(
                condition=(Q(state__in=DECIDED, decided_at__isnull=False) & (_BY_A_PERSON | _BY_A_RULE))
                | (~Q(state__in=DECIDED) & Q(decided_at=None, decided_by=None, decided_rule=None)),
                name="request_decided_pair",
            ),
            models.CheckConstraint(
                condition=(Q(state=RequestState.IN_REVIEW) & Q(claimed_at__isnull=False, claimed_by__isnull=False))
                | (~Q(state=RequestState.IN_REVIEW)),
                name="request_in_review_is_claimed",
            ),
            models.CheckConstraint(
                condition=Q(claimed_at__isnull=True, claimed_by__isnull=True)
                | Q(claimed_at__isnull=False, claimed_by__isnull=False),
                name="request_claimed_pair",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_at=None, snoozed_until=None, snoozed_by=None)
                | Q(snoozed_at__isnull=False, snoozed_by__isnull=False),
                name="request_snoozed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[RequestState.DRAFT, RequestState.WITHDRAWN])
                | Q(submitted_at__isnull=False, due_at__isnull=False),
                name="request_submitted_with_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=RequestState.REJECTED) | ~Q(decision_reason=""),
                name="request_rejected_with_reason",
            ),
            models.UniqueConstraint(
                fields=["application", "tier", "model"],
                condition=Q(state__in=OPEN),
                nulls_distinct=False,
                name="request_one_open_a_subject",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="request_to_decide", condition=Q(state__in=TO_DECIDE)),
            models.Index(fields=["state", "due_at", "id"], name="request_by_state"),
            models.Index(fields=["state", "-decided_at", "-id"], name="request_decided"),
            models.Index(fields=["updated_at", "id"], name="request_closed", condition=Q(state__in=CLOSED)),
            models.Index(fields=["due_at", "id"], name="request_snoozed", condition=Q(snoozed_at__isnull=False)),
            models.Index(fields=["tier", "due_at", "id"], name="request_by_tier", condition=Q(state__in=TO_DECIDE)),
            models.Index(
                fields=["language", "due_at", "id"], name="request_by_language", condition=Q(state__in=TO_DECIDE)
            ),
            models.Index(
                fields=["due_at", "id"],
                name="request_escalated",
                condition=Q(state__in=TO_DECIDE, escalated_at__isnull=False),
            ),
            models.Index(
                fields=["submitted_at", "due_at"], name="request_by_arrival", condition=Q(state__in=TO_DECIDE)
            ),
            models.Index(fields=["updated_at"], name="request_by_change"),
            models.Index(fields=["signals_at"], name="request_by_signals"),
            models.Index(fields=["assigned_to", "state"], name="request_by_assignee"),
            GinIndex(Words("purpose"), name="request_by_words_of_purpose"),
            GinIndex(fields=["repositories"], name="request_by_repository"),
            GinIndex(fields=["wording"], name="request_by_wording"),
            models.Index(fields=["workspace", "-id"], name="request_by_workspace"),
            models.Index(fields=["application", "-id"], name="request_by_application"),
        ]
        triggers = [
            *raises_rights_version("application", "state", "submitted_at", "tier", "model"),
            pgtrigger.Trigger(
                name="decided_by_an_outsider",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__decided_by__isnull=False),
                func="""
                    IF TG_OP = 'INSERT' OR OLD.decided_by_id IS DISTINCT FROM NEW.decided_by_id THEN
                        IF EXISTS (SELECT 1 FROM accounts_membership
                                   WHERE workspace_id = NEW.workspace_id AND user_id = NEW.decided_by_id) THEN
                            RAISE EXCEPTION 'nobody decides an access request of a workspace they belong to'
                                USING ERRCODE = 'check_violation';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def decider(self) -> str:
        """Whoever decided, in words; empty where nobody did."""
        if self.decided_by is not None:
            return self.decided_by.display_name
        return self.decided_rule.in_words if self.decided_rule else ""

    @property
    def kind(self) -> str:
        """What review terms, rules and figures go by: "model", or "tier:" and the tier's slug."""
        return f"tier:{self.tier.slug}" if self.tier else "model"


class RequestMessage(models.Model):
    """What applicant and reviewers say to each other. `internal` ones only reviewers see."""

    access_request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("message"), max_length=4000)
    internal = models.BooleanField(default=False)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="message_not_empty")]

    def __str__(self) -> str:
        return f"message {self.pk}"
