"""Requests that were filed as GitHub issues, by an issue form, before the platform had this desk."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from tiers.models import AIModel, Tier
from tokens.models.requests import AccessRequest


class IssueForm(models.Model):
    """One repository's issue form, and which of its headings are which of our fields. What it asks for where an issue
    does not say: one tier or one model, or nothing, in which case such issues wait for staff to say.
    `sealed_secret` is what GitHub signs with (`accounts.encryption`)."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    repository = models.CharField(_("repository"), max_length=200)
    repository_id = models.BigIntegerField(null=True, blank=True)
    sealed_secret = models.TextField(blank=True)
    headings = models.JSONField(default=dict)
    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(AIModel, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(_("only issues with the label"), max_length=100, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository"], condition=Q(retired_at=None), name="issue_form_a_repository"
            ),
            models.CheckConstraint(condition=Q(tier=None) | Q(model=None), name="issue_form_of_one_subject"),
        ]

    def __str__(self) -> str:
        return self.repository


class ImportedIssue(models.Model):
    """One issue, by its immutable id. Its author is matched by GitHub's immutable user id: until they sign in, it
    waits without an access request. `unmatched` keeps what is in no field of ours, by heading. `wanted_at`: since then
    an access request is to be made of it, by the word of `wanted_by`, or of the webhook where that is null.

    Of one that was deleted on GitHub, the text is gone here too. One that was transferred there has its new id and
    number; `former_ids` are those it had, and `moved_to` its repository where no form here is of that. `deleted_by` and
    `moved_by` are logins."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    form = models.ForeignKey(IssueForm, on_delete=models.PROTECT, related_name="issues")
    issue_id = models.BigIntegerField(unique=True)
    number = models.PositiveIntegerField()
    url = models.CharField(max_length=300)
    author_id = models.BigIntegerField()
    author_login = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True)
    labels = models.JSONField(default=list)
    matched = models.JSONField(default=dict)
    unmatched = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()
    imported_at = models.DateTimeField(db_default=Now())
    wanted_at = models.DateTimeField(null=True, blank=True)
    wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    problem = models.CharField(max_length=300, blank=True)
    access_request = models.OneToOneField(
        AccessRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="imported_issue"
    )
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.CharField(max_length=100, blank=True)
    former_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    moved_to = models.CharField(max_length=200, blank=True)
    moved_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(title="", body="", matched={}, unmatched={}),
                name="issue_deleted_says_nothing",
            )
        ]
        indexes = [
            GinIndex(fields=["former_ids"], name="issue_by_former_id"),
            models.Index(
                fields=["author_id"],
                name="issue_waits_for_author",
                condition=Q(access_request=None, wanted_at__isnull=False, problem=""),
            ),
            models.Index(fields=["form", "-id"], name="issue_by_form"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def in_repository(self) -> str:
        return self.moved_to or self.form.repository


class ImportedComment(models.Model):
    """What somebody wrote under an issue, by GitHub's immutable id: a stranger's text. `author_id` is null where GitHub
    did not say it (`gh` gives the login alone). Of one that was deleted there, the text is gone here too. `changed_at`:
    when that, or another text, was heard of here."""

    issue = models.ForeignKey(ImportedIssue, on_delete=models.PROTECT, related_name="comments")
    comment_id = models.BigIntegerField(unique=True)
    url = models.CharField(max_length=300, blank=True)
    author_id = models.BigIntegerField(null=True, blank=True)
    author_login = models.CharField(max_length=100, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField()
    updated_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(removed_at=None) | Q(body=""), name="comment_removed_says_nothing")
        ]

    def __str__(self) -> str:
        return f"comment {self.comment_id}"
