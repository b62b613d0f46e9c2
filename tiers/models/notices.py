"""Mails about orders that are owed to people, and those that were sent: the outbox of `tiers/order_mails.py`."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tiers.models.orders import Order


class NoticeKind(models.TextChoices):
    PAID = "paid", _("paid")
    REFUNDED = "refunded", _("refunded")
    PARTLY_REFUNDED = "partly_refunded", _("partly refunded")
    DISPUTED = "disputed", _("disputed")
    PAST_DUE = "past_due", _("past due")
    UNFULFILLED = "unfulfilled", _("unfulfilled")
    ENDING = "ending", _("ending")


class OrderNotice(models.Model):
    """One mail to one person. Written in the transaction of what it tells of, so that none is lost and none is owed
    twice: `marker` tells apart what may happen to an order more than once."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="notices")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=NoticeKind)
    marker = models.CharField(max_length=64, blank=True)
    noted_at = models.DateTimeField(db_default=Now(), editable=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "person", "kind", "marker"], name="order_notice_once"),
        ]
        indexes = [models.Index(fields=["id"], name="order_notice_owed", condition=Q(settled_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.kind} {self.order_id}"
