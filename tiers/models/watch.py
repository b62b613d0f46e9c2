"""What watches over orders and grants: alarms for staff, and the reports of reconciliations."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from tiers.models.orders import Order, ProviderEvent
from tiers.order_states import Provider


class AlarmKind(models.TextChoices):
    EVENT_SET_ASIDE = "event_set_aside", _("an event that names what we do not know")
    EVENT_FAILING = "event_failing", _("an event that cannot be applied")
    UNFULFILLED = "unfulfilled", _("money received, nothing given")
    REFUND_FAILED = "refund_failed", _("a refund that the provider did not take")
    PAID_WITHOUT_GRANT = "paid_without_grant", _("paid, but no grant")
    GRANT_WITHOUT_PAYMENT = "grant_without_payment", _("a grant without payment")
    AMOUNTS_DISAGREE = "amounts_disagree", _("amounts that disagree")
    PROVIDER_UNREACHABLE = "provider_unreachable", _("a provider that cannot be asked")
    NOT_ANNOUNCED = "not_announced", _("gateways that could not be told")


class Alarm(models.Model):
    """Something that a person must look at. One open alarm a kind and subject: what is seen again counts up.
    `subject` is the public id of an order, an event or a workspace, or a provider's name."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    kind = models.CharField(max_length=30, choices=AlarmKind)
    subject = models.CharField(max_length=64)
    detail = models.CharField(max_length=500, blank=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="alarms")
    event = models.ForeignKey(ProviderEvent, null=True, on_delete=models.PROTECT, related_name="alarms")
    raised_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    times = models.PositiveIntegerField(default=1)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolution = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(resolved_at__isnull=True), name="alarm_one_open"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=False) | Q(resolved_by__isnull=True, resolution=""),
                name="alarm_resolved_with_time",
            ),
        ]
        indexes = [models.Index(fields=["-id"], name="alarm_open", condition=Q(resolved_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Reconciliation(models.Model):
    """One comparison of our orders with a provider's list. `found`: what was never delivered to us, or differed."""

    provider = models.CharField(max_length=20, choices=Provider)
    since = models.DateTimeField()
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    seen = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    repaired = models.JSONField(default=list)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["provider", "-id"], name="reconciliation_by_provider")]

    def __str__(self) -> str:
        return f"{self.provider} {self.started_at:%Y-%m-%d %H:%M}"
