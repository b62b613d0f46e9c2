"""The furniture of the review desk: groups, terms, saved views, replies to insert, mentions, digests."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from tiers.models import Tier
from tokens.models.requests import RequestMessage


class ReviewGroup(models.Model):
    """Reviewers to whom requests are routed together."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=60)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="review_groups", blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="review_group_named_once")]

    def __str__(self) -> str:
        return self.name


class ReviewTerms(models.Model):
    """How requests for one tier are handled, or (no tier) those for a model: answered within `target_hours`, brought
    before `escalation_group` after `escalate_hours`, by one approval or two. Without a row the defaults hold."""

    TARGET_HOURS = 48
    APPROVALS = 1

    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="review_terms")
    target_hours = models.PositiveIntegerField(_("answered within, hours"), default=TARGET_HOURS)
    escalate_hours = models.PositiveIntegerField(_("brought to others after, hours"), null=True, blank=True)
    approvals = models.PositiveSmallIntegerField(_("approvals needed"), default=APPROVALS)
    group = models.ForeignKey(
        ReviewGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("reviewed by")
    )
    escalation_group = models.ForeignKey(
        ReviewGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("brought to")
    )
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tier"], name="review_terms_once_a_tier", nulls_distinct=False),
            models.CheckConstraint(condition=Q(approvals__gte=1, approvals__lte=2), name="review_terms_one_or_two"),
            models.CheckConstraint(
                condition=Q(target_hours__gte=1, target_hours__lte=2400), name="review_terms_target_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(escalate_hours=None) | Q(escalate_hours__gte=F("target_hours")),
                name="review_terms_escalate_later",
            ),
        ]

    def __str__(self) -> str:
        return self.tier.slug if self.tier else "model"


class SavedView(models.Model):
    """A person's filters of the queue, as a query string, under a name; `shared` ones every reviewer sees."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_views")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=500)
    shared = models.BooleanField(_("for all reviewers"), default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="saved_view_named_once")]

    def __str__(self) -> str:
        return self.name


class ReplyFor(models.TextChoices):
    APPROVE = "approved", _("Approve")
    CHANGES = "changes", _("Ask")
    REJECT = "rejected", _("Reject")


class CannedReply(models.Model):
    """Text to insert and edit, in both languages; `{application}`, `{applicant}`, `{tier}`, `{model}` and `{domain}`
    are filled in."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    outcome = models.CharField(_("for"), max_length=10, choices=ReplyFor)
    label_en = models.CharField(_("label, English"), max_length=60)
    label_zh = models.CharField(_("label, Chinese"), max_length=60, blank=True)
    text_en = models.TextField(_("text, English"), max_length=2000)
    text_zh = models.TextField(_("text, Chinese"), max_length=2000, blank=True)
    position = models.PositiveIntegerField(_("order"), default=100)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.CheckConstraint(condition=~Q(label_en="") & ~Q(text_en=""), name="reply_says_something")]

    def __str__(self) -> str:
        return self.label_en


class Mention(models.Model):
    """A reviewer named in a message."""

    message = models.ForeignKey(RequestMessage, on_delete=models.PROTECT, related_name="mentions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "person"], name="mention_once_a_message")]
        indexes = [models.Index(fields=["person", "-id"], name="mention_by_person", condition=Q(seen_at=None))]

    def __str__(self) -> str:
        return f"mention {self.pk}"


class DigestMail(models.Model):
    """One daily digest owed to one person, and when it was mailed."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="digest_once_a_day")]

    def __str__(self) -> str:
        return f"digest of {self.day}"
