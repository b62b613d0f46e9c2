"""What can be bought. What was sold is never edited: a change is a new version, and an order keeps its own."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from tiers.models.catalogue import AIModel, Tier, raises_catalogue_version


class ProductKind(models.TextChoices):
    TIER = "tier", _("tier")
    MODEL = "model", _("model")
    EARLY_ACCESS = "early_access", _("early access")
    PACK = "pack", _("allowance pack")


class Interval(models.TextChoices):
    """How often a recurring price is charged."""

    MONTH = "month", _("month")
    YEAR = "year", _("year")


class PartialRefund(models.TextChoices):
    """What a refund of a part does to the grant: keep it, take it, or end it sooner (a pack: make it smaller)."""

    KEEP = "keep", _("keep the grant")
    REVOKE = "revoke", _("revoke the grant")
    PRORATE = "prorate", _("shorten the grant")


class Product(models.Model):
    """The name under which something is sold; providers and links know it by its slug."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=ProductKind)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["slug"]
        triggers = raises_catalogue_version()

    def __str__(self) -> str:
        return self.slug


class ProductVersion(models.Model):
    """One offer: what it opens, for how much, for how long, and from when until when it is on sale.

    `amount` in minor units of `currency`. `interval` empty: charged once, and open for `lasts_days` (null: for good).
    `calls`: the size of an allowance pack. `window_until`: the end of the early-access window that this offer was made
    for; what settles at or after it is unfulfilled. Only `sale_until` may change, once: as the next version begins."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=500, blank=True)
    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(AIModel, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    permissions = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    calls = models.PositiveBigIntegerField(_("calls"), null=True, blank=True)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    interval = models.CharField(_("charged every"), max_length=5, choices=Interval, blank=True)
    lasts_days = models.PositiveIntegerField(_("open for (days)"), null=True, blank=True)
    grace_days = models.PositiveSmallIntegerField(_("grace when a renewal fails (days)"), default=7)
    partial_refund = models.CharField(
        _("after a refund of a part"), max_length=10, choices=PartialRefund, default=PartialRefund.KEEP
    )
    window_until = models.DateTimeField(null=True, blank=True)
    sale_from = models.DateTimeField(_("on sale from"), db_default=Now())
    sale_until = models.DateTimeField(_("on sale until"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["product", "number"]
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="product_version_number"),
            models.UniqueConstraint(
                fields=["product"], condition=Q(sale_until__isnull=True), name="product_one_version_on_sale"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="product_amount_positive"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="product_currency_form"),
            models.CheckConstraint(
                condition=Q(tier__isnull=False, model__isnull=True, calls__isnull=True)
                | Q(tier__isnull=True, model__isnull=False, calls__isnull=True)
                | Q(tier__isnull=True, model__isnull=True, calls__gt=0),
                name="product_opens_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(interval="") | Q(lasts_days__isnull=True), name="product_lasts_or_recurs"
            ),
            models.CheckConstraint(
                condition=Q(sale_until__isnull=True) | Q(sale_until__gte=F("sale_from")),
                name="product_sale_ends_after_start",
            ),
        ]
        triggers = [
            *raises_catalogue_version(),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="never_edited",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.sale_until IS NOT NULL
                       OR to_jsonb(NEW) - 'sale_until' IS DISTINCT FROM to_jsonb(OLD) - 'sale_until' THEN
                        RAISE EXCEPTION 'a product version is never edited: make the next one';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} v{self.number}"


class ProviderPrice(models.Model):
    """The id under which a provider sells this version, and, for a shop outside, the page that sells it:
    `checkout_url`, where `{workspace}` stands for the buyer's workspace id. Versions of one product at one price share
    an id, so that what was shown can be paid after the next version came; never two products, nor two prices."""

    version = models.ForeignKey(ProductVersion, on_delete=models.PROTECT, related_name="prices")
    provider = models.CharField(_("provider"), max_length=20)
    price_id = models.CharField(_("price id"), max_length=255)
    checkout_url = models.URLField(_("checkout page"), max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "provider"], name="provider_price_one_a_version"),
        ]
        triggers = [
            # The catalogue's snapshot holds what somebody can sell.
            *raises_catalogue_version(),
            pgtrigger.Trigger(
                name="of_one_price",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    PERFORM pg_advisory_xact_lock(hashtext('tiers_providerprice'));
                    IF EXISTS (SELECT 1 FROM tiers_providerprice p
                                 JOIN tiers_productversion other ON other.id = p.version_id
                                 JOIN tiers_productversion mine ON mine.id = NEW.version_id
                                WHERE p.provider = NEW.provider AND p.price_id = NEW.price_id AND p.id <> NEW.id
                                  AND (other.product_id, other.amount, other.currency, other.interval)
                                      <> (mine.product_id, mine.amount, mine.currency, mine.interval)) THEN
                        RAISE EXCEPTION '% sells something else as %', NEW.provider, NEW.price_id
                            USING ERRCODE = 'unique_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.price_id}"
