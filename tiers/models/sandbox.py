"""What the sandbox, a payment provider of our own for the demo, knows of its payments, and what it told whom.

To the rest of Trellis it is a provider like any other: nothing but `tiers/payments/sandbox.py` and its own room,
`tiers/sandbox/`, reads these tables."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tiers.models.orders import Order


class SandboxPayment(models.Model):
    """A checkout that was begun. What became of it follows from its messages. `silent_until`: until then the provider
    does not answer those who ask it."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="sandbox_payment")
    back = models.URLField(max_length=2000, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    silent_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sandbox payment of {self.order_id}"


class SandboxMessage(models.Model):
    """Something that happened to a payment, in the words in which shops are told. `at` may be to come: money that
    settles later. `deliver_at`: when to try next, null where there is nothing more to try, or nothing was to be tried
    at all; of several at one time the lowest `place` goes first. `times`: how often it is sent, being sent."""

    payment = models.ForeignKey(SandboxPayment, on_delete=models.PROTECT, related_name="messages")
    event_id = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    body = models.TextField()
    deliver_at = models.DateTimeField(null=True)
    place = models.IntegerField(default=0)
    times = models.PositiveSmallIntegerField(default=1)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["deliver_at"], name="sandbox_message_due", condition=Q(deliver_at__isnull=False)),
            models.Index(fields=["at"], name="sandbox_message_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class SandboxDelivery(models.Model):
    """One attempt to deliver. `http_status` is null where there was no answer at all."""

    message = models.ForeignKey(SandboxMessage, on_delete=models.PROTECT, related_name="deliveries")
    at = models.DateTimeField(db_default=Now())
    http_status = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=500, blank=True)
    took_ms = models.FloatField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.http_status} of {self.message_id}"
