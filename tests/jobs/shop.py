"""A shop outside, what it sells, and the messages it signs."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from standardwebhooks.webhooks import Webhook

from accounts import clock
from accounts.encryption import seal
from accounts.models import Workspace
from tiers.actions.inbox import store_event
from tiers.models import (
    AIModel,
    Product,
    ProductKind,
    ProductVersion,
    Provider,
    ProviderEvent,
    ServedOperation,
    WebhookSecret,
    WebhookSource,
)
from tiers.payments import Received
from tiers.payments.standard import SEALED_FOR

SOURCE: Final = "shop"
PATH: Final = f"/webhooks/standard/{SOURCE}"
SECRET: Final = "whsec_" + base64.b64encode(bytes(range(32))).decode()
_numbers = count(1)


def open_shop() -> None:
    source = WebhookSource.objects.create(name=SOURCE)
    WebhookSecret.objects.create(source=source, sealed=seal(SECRET, SEALED_FOR), last_four=SECRET[-4:])


def product(model: AIModel, **values: Any) -> Product:
    """A model for $5.00, on sale since yesterday. Needs the catalogue."""
    made = Product.objects.create(slug=f"product-{next(_numbers)}", kind=values.pop("kind", ProductKind.MODEL))
    given = {"number": 1, "name": made.slug, "permissions": ["generate"], "amount": 500, "currency": "USD", **values}
    yesterday = clock.now() - timedelta(days=1)
    ProductVersion.objects.create(product=made, model=model, sale_from=yesterday, **given)
    return made


def gated_model(name: str = "sold-model") -> AIModel:
    """One that no tier opens: a grant alone does."""
    like = AIModel.objects.get(name="gpt-4o-mini")
    made = AIModel.objects.create(name=name, gated=True)
    for operation in like.operations.all():
        ServedOperation.objects.create(model=made, operation=operation)
    return made


def message(kind: str, workspace: Workspace, of: Product, *, order: str = "", **data: Any) -> tuple[str, bytes]:
    """A message's id, and its body: of $5.00, at this instant."""
    number = next(_numbers)
    named = {"workspace": workspace.public_id, "product": of.slug, "amount": 500, "currency": "USD"}
    payload = {
        "type": kind,
        "timestamp": data.pop("at", datetime.now(UTC)).isoformat().replace("+00:00", "Z"),
        "data": {"id": order or f"ord_{number}", **named, **data},
    }
    return f"msg_{number}", json.dumps(payload).encode()


def signed(message_id: str, body: bytes) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(message_id, now, body.decode()),
        "Content-Type": "application/json",
    }


def stored(message_id: str, body: bytes, *, age: timedelta = timedelta(minutes=1)) -> ProviderEvent:
    """What is left of a delivery whose process was killed between storing and applying."""
    payload = json.loads(body)
    received = Received(message_id, payload["type"], body, payload["data"]["id"])
    return store_event(name=Provider.STANDARD, source=SOURCE, received=received, at=clock.now() - age)
