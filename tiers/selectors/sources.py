"""Webhook sources as staff see them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from tiers.models import WebhookSecret, WebhookSource


@dataclass(frozen=True, slots=True)
class Row:
    """`secrets`: those that are good now, the newest first."""

    source: WebhookSource
    secrets: list[WebhookSecret]


def sources() -> QuerySet[WebhookSource]:
    secrets = WebhookSecret.objects.order_by("-pk")
    return WebhookSource.objects.select_related("created_by").prefetch_related(Prefetch("secrets", secrets))


def row(source: WebhookSource, now: datetime) -> Row:
    return Row(source, [secret for secret in source.secrets.all() if secret.ends_at is None or secret.ends_at > now])
