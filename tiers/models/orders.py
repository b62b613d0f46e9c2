"""Orders: one purchase at a provider each, with the set of its events, from which everything else follows."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from accounts.models import Workspace
from accounts.rights import raises_rights_version
from tiers.models.products import ProductVersion
from tiers.order_events import HELD
from tiers.order_states import EventKind, Holds, OrderState, Outcome, Problem, Provider

# At the commit, whatever way the rows took to it: an order that holds has its one grant, in the state it says, and an
# order that holds nothing, or no more, has no open one. What staff revoked themselves stays revoked.
BELONGS_TOGETHER = """
    SELECT * INTO held FROM tiers_order WHERE id = {order};
    SELECT count(*) FILTER (
               WHERE g.workspace_id = held.workspace_id AND g.tier_id IS NOT DISTINCT FROM v.tier_id
                 AND g.model_id IS NOT DISTINCT FROM v.model_id AND (g.calls IS NULL) = (v.calls IS NULL)
                 AND (g.revoked_by_id IS NOT NULL OR CASE held.holds
                          WHEN 'live' THEN g.revoked_at IS NULL AND g.disputed_at IS NULL
                          WHEN 'suspended' THEN g.revoked_at IS NULL AND g.disputed_at IS NOT NULL
                          ELSE g.revoked_at IS NOT NULL END)),
           count(*) FILTER (WHERE g.revoked_at IS NULL)
      INTO fitting, open_rows
      FROM tiers_grant g LEFT JOIN tiers_productversion v ON v.id = held.version_id
     WHERE g.order_id = held.id;
    IF (held.holds <> 'nothing' AND fitting = 0)
       OR (held.holds IN ('nothing', 'taken') AND open_rows > 0) OR open_rows > 1 THEN
        RAISE EXCEPTION 'order % (%, holds %) and its grants disagree: % fit, % open',
            held.public_id, held.state, held.holds, fitting, open_rows USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""


class Order(models.Model):
    """One purchase. `sync_order` alone changes what follows from its events: all columns from `workspace` on.

    `reference` is the provider's own id of it (of orders from our checkout: our public id); `source` tells apart the
    shops that speak Standard Webhooks. `quoted` is the offer that our checkout showed, and binds us. The workspace and
    the version are null until an event names ones that we know. Amounts in minor units."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    provider = models.CharField(max_length=20, choices=Provider)
    source = models.CharField(max_length=40, blank=True)
    reference = models.CharField(max_length=255)
    quoted = models.ForeignKey(ProductVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    checkout_url = models.URLField(max_length=2000, blank=True)
    note = models.CharField(max_length=500, blank=True)
    workspace = models.ForeignKey(Workspace, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    version = models.ForeignKey(ProductVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    state = models.CharField(_("state"), max_length=20, choices=OrderState, default=OrderState.CREATED)
    problem = models.CharField(max_length=30, choices=Problem, blank=True)
    holds = models.CharField(max_length=10, choices=Holds, default=Holds.NOTHING)
    unsettled_since = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    refunded = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(db_default=Now())
    # When the provider was last asked about it, by whomever.
    synced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "source", "reference"], name="order_reference_unique"),
            models.CheckConstraint(
                condition=Q(holds="nothing")
                | Q(workspace__isnull=False, version__isnull=False, settled_at__isnull=False),
                name="order_that_holds_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(*(Q(state=state, holds__in=holds) for state, holds in HELD.items()), _connector=Q.OR),
                name="order_holds_as_its_state_says",
            ),
            models.CheckConstraint(condition=Q(refunded__gte=0), name="order_refunded_not_negative"),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="order_by_workspace"),
            models.Index(fields=["state", "-id"], name="order_by_state"),
            models.Index(fields=["version", "-id"], name="order_by_version"),
            models.Index(fields=["workspace"], name="order_unsettled", condition=Q(unsettled_since__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            *raises_rights_version("version", "quoted", "unsettled_since"),
            pgtrigger.Trigger(
                name="belongs_to_its_grant",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                declare=[("held", "tiers_order%ROWTYPE"), ("fitting", "integer"), ("open_rows", "integer")],
                func=BELONGS_TOGETHER.replace("{order}", "NEW.id"),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class ProviderReference(models.Model):
    """Another id by which the provider's messages name an order: `pi_…`, `sub_…`, `cs_…`."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="references")
    provider = models.CharField(max_length=20, choices=Provider)
    reference = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "reference"], name="provider_reference_unique")]

    def __str__(self) -> str:
        return self.reference


class OrderEvent(models.Model):
    """One member of an order's set of events, as `order_states.Event` reads it. Append-only; `key` makes it a set.

    What it names is kept as it was named: whether that is a workspace or a product of ours is judged when the state is
    derived, so that the order of arrival makes no difference."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    inbox = models.ForeignKey("ProviderEvent", null=True, on_delete=models.PROTECT, related_name="order_events")
    key = models.CharField(max_length=300)
    kind = models.CharField(max_length=20, choices=EventKind)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    version = models.BigIntegerField(null=True)
    workspace = models.CharField(max_length=64, blank=True)
    product = models.CharField(max_length=255, blank=True)
    amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=8, blank=True)
    refund_id = models.CharField(max_length=255, blank=True)
    refund_amount = models.BigIntegerField(null=True)
    dispute_id = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=4, choices=Outcome, blank=True)
    period_end = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "key"], name="order_event_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class InboxState(models.TextChoices):
    """`set_aside` is applied too, in that there is nothing more to do but for a person."""

    RECEIVED = "received", _("received")
    APPLIED = "applied", _("applied")
    IGNORED = "ignored", _("ignored")
    SET_ASIDE = "set_aside", _("set aside")
    FAILED = "failed", _("failed")


class ProviderEvent(models.Model):
    """The event inbox: a provider's message as it came, stored before anything is done with it.

    `received` and `failed` are not handled yet. `error` says why it failed or was set aside, for staff."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    provider = models.CharField(max_length=20, choices=Provider)
    source = models.CharField(max_length=40, blank=True)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=100, blank=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="inbox")
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    state = models.CharField(_("state"), max_length=10, choices=InboxState, default=InboxState.RECEIVED)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    handled_at = models.DateTimeField(null=True)
    # Deliveries of the same message after the first.
    repeats = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "source", "event_id"], name="provider_event_once"),
            models.CheckConstraint(
                condition=Q(state__in=["received", "failed"], handled_at__isnull=True)
                | Q(state__in=["applied", "ignored", "set_aside"], handled_at__isnull=False),
                name="provider_event_handled_with_time",
            ),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="provider_event_unhandled", condition=Q(handled_at__isnull=True)),
            models.Index(fields=["state", "-id"], name="provider_event_by_state"),
            models.Index(fields=["order"], name="provider_event_by_order"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="kept_as_it_came",
                fields=["provider", "source", "event_id", "body", "headers", "received_at"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"


class WebhookSource(models.Model):
    """A shop that sends us Standard Webhooks, by the name in its address. A demo's is refused where DEMO is off."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    name = models.SlugField(_("name"), max_length=40, unique=True)
    demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class WebhookSecret(models.Model):
    """A secret by which a source signs, sealed (`accounts.encryption`), since signatures need it in clear. Several may
    be good at once, for rotation; one with `ends_at` is good until then."""

    source = models.ForeignKey(WebhookSource, on_delete=models.PROTECT, related_name="secrets")
    sealed = models.CharField(max_length=500)
    last_four = models.CharField(max_length=4)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"…{self.last_four}"
