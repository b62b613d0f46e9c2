"""The catalogue: small, edited by administrators, read by every decision as one versioned snapshot."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id

_RAISE_CATALOGUE = """
    INSERT INTO tiers_catalogueversion (id, version) VALUES (1, 2)
    ON CONFLICT (id) DO UPDATE SET version = tiers_catalogueversion.version + 1;
    PERFORM pg_notify('trellis', 'catalogue');
    RETURN NULL;
"""


def raises_catalogue_version() -> list[pgtrigger.Trigger]:
    """For a table that the catalogue's snapshot is read from."""
    return [
        pgtrigger.Trigger(
            name="catalogue_version",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
            func=_RAISE_CATALOGUE,
        )
    ]


class CatalogueVersion(models.Model):
    """The one row that every change of the catalogue raises, by trigger."""

    version = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="catalogue_version_is_one_row")]

    def __str__(self) -> str:
        return str(self.version)


class Tier(models.Model):
    """A rung. Limits are per application: requests a minute, allowances in calls a UTC day and month, calls at once;
    null is unlimited. `self_service`: a verified person mints at once, by a rule grant."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    rank = models.PositiveSmallIntegerField(_("rank"), unique=True)
    requests_per_minute = models.PositiveIntegerField(_("requests per minute"))
    requests_per_day = models.PositiveBigIntegerField(_("calls per day"), null=True, blank=True)
    requests_per_month = models.PositiveBigIntegerField(_("calls per month"), null=True, blank=True)
    concurrent_calls = models.PositiveIntegerField(_("calls at once"), null=True, blank=True)
    self_service = models.BooleanField(_("self-service"), default=False)
    colour = models.CharField(_("colour"), max_length=20, default="anonymous")
    description = models.TextField(_("description"), blank=True)

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.CheckConstraint(
                condition=Q(concurrent_calls__isnull=True) | Q(concurrent_calls__gte=1), name="tier_calls_at_once"
            ),
        ]
        triggers = raises_catalogue_version()

    def __str__(self) -> str:
        return self.slug


class Operation(models.Model):
    """What an endpoint does. `endpoints` are `METHOD /path/{name}` patterns, the first being the one to name to
    callers; `sends` is the field a caller must send, for the message of a wrong endpoint."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    label = models.CharField(_("label"), max_length=60)
    endpoints = ArrayField(models.CharField(max_length=120), verbose_name=_("endpoints"))
    sends = models.CharField(_("sends"), max_length=60, blank=True)
    default_model = models.ForeignKey(
        "AIModel",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("default model"),
    )

    class Meta:
        ordering = ["id"]
        triggers = raises_catalogue_version()

    def __str__(self) -> str:
        return self.slug


class AIModel(models.Model):
    """A catalogue entry that callers name in `model`. It opens to its lowest `tier` and those above, or, when
    `gated`, by a grant alone. Within the early-access window only holders of a grant may use it, and whoever has a
    free try left. `goal_amount` (minor units): once early access was sold for so much, the window ends there and
    then, at `goal_reached_at`."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    aliases = ArrayField(models.CharField(max_length=100), default=list, blank=True, verbose_name=_("aliases"))
    family = models.CharField(_("family"), max_length=60)
    operations = models.ManyToManyField(Operation, through="ServedOperation", related_name="models")
    tier = models.ForeignKey(
        Tier,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="models",
        verbose_name=_("lowest tier"),
    )
    gated = models.BooleanField(_("gated"), default=False)
    early_access_from = models.DateTimeField(_("early access from"), null=True, blank=True)
    early_access_until = models.DateTimeField(_("early access until"), null=True, blank=True)
    free_tries = models.PositiveSmallIntegerField(_("free tries a workspace"), default=0)
    goal_amount = models.BigIntegerField(_("goal"), null=True, blank=True)
    goal_currency = models.CharField(_("currency of the goal"), max_length=3, blank=True)
    goal_reached_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("successor")
    )
    cost = models.PositiveIntegerField(_("cost"), default=1)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        ordering = ["family", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(gated=True, tier__isnull=True) | Q(gated=False, tier__isnull=False),
                name="model_tier_or_gated",
            ),
            models.CheckConstraint(
                condition=Q(early_access_from__isnull=True, early_access_until__isnull=True)
                | Q(early_access_until__gt=F("early_access_from")),
                name="model_early_access_window",
            ),
            models.CheckConstraint(condition=Q(cost__gte=1), name="model_cost_positive"),
            models.CheckConstraint(
                condition=Q(goal_amount__isnull=True, goal_currency="")
                | Q(goal_amount__gt=0, goal_currency__regex=r"^[A-Z]{3}$"),
                name="model_goal_with_currency",
            ),
        ]
        triggers = raises_catalogue_version()

    def __str__(self) -> str:
        return self.name


class ServedOperation(models.Model):
    """That a model is served by an operation."""

    model = models.ForeignKey(AIModel, on_delete=models.CASCADE, related_name="served")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="served")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "operation"], name="served_operation_unique")]
        triggers = raises_catalogue_version()

    def __str__(self) -> str:
        return f"{self.model_id} serves {self.operation_id}"
