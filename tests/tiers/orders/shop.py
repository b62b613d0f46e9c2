"""A shop outside, whose signed messages go through the real view, and what it sells."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.http import HttpResponse
from django.test import Client
from standardwebhooks.webhooks import Webhook

from accounts import clock
from accounts.audit import Task
from accounts.models import Workspace
from tests import factories
from tiers.actions.webhook_sources import add_source
from tiers.models import AIModel, Grant, Order, Product, ProductVersion, ProviderEvent, Tier, WebhookSource

BY = Task("tests")
_numbers = count(1)


@dataclass
class Shop:
    source: WebhookSource
    secret: str
    product: Product
    workspace: Workspace
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def body(self, kind: str, order: str = "ord_1", *, at: datetime | None = None, **data: Any) -> bytes:
        """A message as documented; a value of `...` leaves that field out."""
        named = {"workspace": self.workspace.public_id, "product": self.product.slug}
        values = {"id": order, **named, "amount": 500, "currency": "USD", **data}
        values = {name: value for name, value in values.items() if value is not ...}
        timestamp = (at or datetime.now(UTC)).isoformat().replace("+00:00", "Z")
        return json.dumps({"type": kind, "timestamp": timestamp, "data": values}).encode()

    def tell(self, kind: str, order: str = "ord_1", *, message: str = "", **data: Any) -> HttpResponse:
        return self.deliver(self.body(kind, order, **data), message)

    def deliver(self, body: bytes, message: str = "", **headers: str) -> HttpResponse:
        """`headers` beside or instead of those of a good signature."""
        good = self.signed(body, message or f"msg_{next(_numbers)}")
        path = f"/webhooks/standard/{self.source.name}"
        given = {**good, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.post(path, body, content_type="application/json", headers=given)

    def signed(self, body: bytes, message: str, *, secret: str = "", at: datetime | None = None) -> dict[str, str]:
        at = at or datetime.now(UTC)
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(message, at, body.decode()),
        }

    def order(self, reference: str = "ord_1") -> Order:
        return Order.objects.get(source=self.source.name, reference=reference)

    def grant(self, reference: str = "ord_1") -> Grant:
        return Grant.objects.get(order__source=self.source.name, order__reference=reference)

    def event(self) -> ProviderEvent:
        return ProviderEvent.objects.latest("pk")


def open_shop() -> Shop:
    """It sells the flower tier for 30 days at $5.00. Needs the catalogue."""
    number = next(_numbers)
    minted = add_source(name=f"shop-{number}", by=BY)
    flower = product(f"flower-{number}", tier=Tier.objects.get(slug="flower"), lasts_days=30)
    return Shop(minted.source, minted.text, flower, factories.person().personal_workspace)


def product(slug: str, kind: str = "tier", **values: Any) -> Product:
    """On sale since a year, for $5.00."""
    made = Product.objects.create(slug=slug, kind=kind)
    version(made, **{"sale_from": clock.now() - timedelta(days=365), **values})
    return made


def version(of: Product, number: int = 1, **values: Any) -> ProductVersion:
    given = {"name": of.slug, "amount": 500, "currency": "USD", "number": number, **values}
    return ProductVersion.objects.create(product=of, **given)


def early_access(goal: int | None = None, ends_in: timedelta = timedelta(days=9)) -> Product:
    """To a model of its own, whose window is open; with a goal in minor units of USD."""
    number, now = next(_numbers), clock.now()
    model = AIModel.objects.create(
        name=f"early-{number}",
        family="Early",
        tier=Tier.objects.get(slug="seed"),
        early_access_from=now - timedelta(days=9),
        early_access_until=now + ends_in,
        goal_amount=goal,
        goal_currency="USD" if goal else "",
    )
    return product(model.name, "early_access", model=model, permissions=["generate"], window_until=now + ends_in)
