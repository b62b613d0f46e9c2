"""Grants: one workspace, or one application of it, may have one tier or one model, because of a source."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from accounts.models import Workspace
from accounts.rights import raises_rights_version
from tiers.models.catalogue import AIModel, Tier
from tiers.models.limits import LIMITS, LimitColumns, limits_in_bounds, no_limits
from tiers.models.orders import BELONGS_TOGETHER, Order


class GrantSource(models.TextChoices):
    REQUEST = "request", _("approved request")
    ORDER = "order", _("order")
    EARLY_ACCESS = "early_access", _("early access")
    MANUAL = "manual", _("manual decision")
    RULE = "rule", _("rule")


class GrantPermission(models.TextChoices):
    GENERATE = "generate", _("generate")
    DOWNLOAD = "download", _("download")


def _generate() -> list[str]:
    return [GrantPermission.GENERATE]


class Grant(LimitColumns):
    """Never deleted: it ends by its own clock, by suspension (which may be lifted) or by revocation (for good).

    `application_id` is a row of the storey above (`tokens_application`), null for the whole workspace; the foreign
    key is the database's, made in that storey's migration, so that imports point down only.
    `source_id` is the public id of what it came from (request, order, rule name …). `calls`: an allowance pack of that
    many calls. `disputed_at` suspends it while its order is disputed, whatever staff decide with `suspended_at`.
    The limits are in place of the tier's, for the applications that stand on this grant."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="grants")
    application_id = models.BigIntegerField(null=True, blank=True)
    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="grants")
    model = models.ForeignKey(AIModel, null=True, blank=True, on_delete=models.PROTECT, related_name="grants")
    calls = models.PositiveBigIntegerField(null=True, blank=True)
    permissions = ArrayField(models.CharField(max_length=10, choices=GrantPermission), default=_generate)
    source = models.CharField(_("source"), max_length=20, choices=GrantSource)
    source_id = models.CharField(max_length=64)
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="grants")
    reason = models.TextField(_("reason"), blank=True)
    starts_at = models.DateTimeField(_("from"), db_default=Now())
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.CharField(max_length=500, blank=True)
    disputed_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    revoked_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tier__isnull=False, model__isnull=True, calls__isnull=True)
                | Q(tier__isnull=True, model__isnull=False, calls__isnull=True)
                | Q(tier__isnull=True, model__isnull=True, calls__gt=0),
                name="grant_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="grant_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=False) | Q(revoked_by__isnull=True, revoked_reason=""),
                name="grant_revoked_with_time",
            ),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=False) | Q(suspended_reason=""),
                name="grant_suspended_with_time",
            ),
            models.CheckConstraint(condition=~Q(source_id=""), name="grant_has_source"),
            limits_in_bounds("grant_limits_in_bounds"),
            models.CheckConstraint(condition=Q(tier__isnull=False) | no_limits(), name="grant_limits_of_a_tier"),
            models.UniqueConstraint(
                fields=["source", "source_id", "workspace", "application_id", "tier", "model"],
                condition=Q(revoked_at__isnull=True),
                nulls_distinct=False,
                name="grant_one_live_a_source",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace"], name="grant_live", condition=Q(revoked_at__isnull=True)),
            models.Index(fields=["tier", "-id"], name="grant_by_tier"),
            models.Index(fields=["model", "-id"], name="grant_by_model"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="of_one_order", fields=["order"]),
            *raises_rights_version(
                "application_id",
                "tier",
                "model",
                "permissions",
                "source",
                "source_id",
                "starts_at",
                "ends_at",
                "suspended_at",
                "disputed_at",
                "revoked_at",
                "calls",
                *LIMITS,
            ),
            pgtrigger.Trigger(
                name="belongs_to_its_order",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__order__isnull=False),
                declare=[("held", "tiers_order%ROWTYPE"), ("fitting", "integer"), ("open_rows", "integer")],
                func=BELONGS_TOGETHER.replace("{order}", "NEW.order_id"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id}"
