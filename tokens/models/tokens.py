"""Tokens: credentials of an application. The token keeps its id; its secrets rotate."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from accounts.models import Workspace
from accounts.rights import raises_rights_version
from tiers.models.limits import LIMITS, LimitColumns, limits_in_bounds
from tokens.models.applications import Application


class TokenKind(models.TextChoices):
    SECRET = "secret", _("secret")
    PUBLISHABLE = "publishable", _("publishable")


class Token(LimitColumns):
    """Empty `allowed_*` lists restrict nothing. They hold public model names, operation slugs, generate/download,
    CIDRs, and host patterns as in `Domain.host`. The limits are the holder's own caps, beside all others."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="tokens")
    kind = models.CharField(_("kind"), max_length=12, choices=TokenKind, default=TokenKind.SECRET)
    name = models.CharField(_("name"), max_length=80)
    allowed_models = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    allowed_operations = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    allowed_permissions = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    allowed_addresses = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    allowed_origins = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    revoked_reason = models.CharField(max_length=500, blank=True)
    leaked = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    seen_in_query_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=False) | Q(revoked_by__isnull=True, revoked_reason="", leaked=False),
                name="token_revoked_with_time",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                name="token_expires_after_creation",
            ),
            limits_in_bounds("token_caps_in_bounds"),
        ]
        indexes = [
            models.Index(fields=["application", "-id"], name="token_newest"),
            models.Index(fields=["workspace", "-id"], name="token_by_workspace"),
        ]
        triggers = raises_rights_version(
            "application",
            "kind",
            "allowed_models",
            "allowed_operations",
            "allowed_permissions",
            "allowed_addresses",
            "allowed_origins",
            "expires_at",
            "revoked_at",
            "leaked",
            *LIMITS,
        )

    def __str__(self) -> str:
        return self.name


class TokenSecret(models.Model):
    """One secret of a token: a keyed hash under `key_version`, and the last four characters. A rotation adds a
    row and gives the old one an `ends_at`; the one without is current."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="secrets")
    hash = models.BinaryField(max_length=32, unique=True)
    key_version = models.PositiveSmallIntegerField()
    last4 = models.CharField(max_length=4)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token"], condition=Q(ends_at__isnull=True), name="token_one_current_secret"
            ),
        ]
        triggers = raises_rights_version("token", "hash", "ends_at")

    def __str__(self) -> str:
        return f"…{self.last4}"
