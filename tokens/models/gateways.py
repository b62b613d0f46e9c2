"""Gateways: the proxies that ask, and the keys by which Trellis knows them."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id


def tells_gateways() -> list[pgtrigger.Trigger]:
    """Processes that know gateways by heart hear of a change at its commit."""
    return [
        pgtrigger.Trigger(
            name="told",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            func="PERFORM pg_notify('trellis', 'gateways'); RETURN NULL;",
        )
    ]


class GatewayKind(models.TextChoices):
    NGINX = "nginx", "nginx"
    CADDY = "caddy", "Caddy"
    TRAEFIK = "traefik", "Traefik"
    ENVOY = "envoy", "Envoy"
    CUSTOM = "custom", _("custom")


class GatewayScope(models.TextChoices):
    DECIDE = "decide", _("decide")
    INTROSPECT = "introspect", _("introspect")
    SEARCH = "search", _("search")
    USAGE = "usage", _("usage")


def _decide() -> list[str]:
    return [GatewayScope.DECIDE]


class Gateway(models.Model):
    """The `*_header` fields are the one header each that this gateway sets itself for URI, method, caller's
    address and model. All other forwarded headers are ignored; an empty field means it sets none."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=GatewayKind, default=GatewayKind.NGINX)
    uri_header = models.CharField(_("header for the URI"), max_length=60, default="X-Forwarded-Uri")
    method_header = models.CharField(_("header for the method"), max_length=60, default="X-Forwarded-Method")
    address_header = models.CharField(_("header for the address"), max_length=60, default="X-Forwarded-For", blank=True)
    model_header = models.CharField(_("header for the model"), max_length=60, default="X-Model", blank=True)
    scopes = ArrayField(models.CharField(max_length=12, choices=GatewayScope), default=_decide)
    networks = ArrayField(models.CharField(max_length=50), default=list, blank=True, verbose_name=_("networks"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    revoked_reason = models.CharField(max_length=500, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    demo = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="gateway_revoked_pair",
            ),
        ]
        triggers = tells_gateways()

    def __str__(self) -> str:
        return self.name


class GatewaySecret(models.Model):
    """One key of a gateway, hashed as tokens are. A rotation gives the old one an `ends_at`."""

    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="secrets")
    hash = models.BinaryField(max_length=32, unique=True)
    key_version = models.PositiveSmallIntegerField()
    last4 = models.CharField(max_length=4)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway"], condition=Q(ends_at__isnull=True), name="gateway_one_current_secret"
            ),
        ]
        triggers = tells_gateways()

    def __str__(self) -> str:
        return f"…{self.last4}"
