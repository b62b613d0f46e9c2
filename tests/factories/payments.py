"""Messages of a store outside, as its signature would vouch for them: any body, handled or not."""

import json
from itertools import count
from typing import Any

from accounts.audit import System
from accounts.clock import now
from accounts.models import Workspace
from tests.factories import shop
from tiers.actions.inbox import handle_event, store_event
from tiers.models import Alarm, Order, Product, Provider, ProviderEvent
from tiers.payments import Received

SOURCE = "store"
SLUG = "flower-for-good"
_numbers = count(1)


def stored(body: bytes, *, kind: str = "", reference: str = "", event_id: str = "", **headers: str) -> ProviderEvent:
    """A message as it came, in the inbox, with nothing done with it yet."""
    event_id = event_id or f"msg_{next(_numbers)}"
    kept = {"webhook-id": event_id, **headers}
    received = Received(event_id=event_id, kind=kind, body=body, reference=reference, headers=kept)
    return store_event(name=Provider.STANDARD, source=SOURCE, received=received)


def told(kind: str, *, workspace: Workspace | str, order: str = "", handle: bool = True, **data: Any) -> ProviderEvent:
    """A message of the store, of an order of $5.00, handled as its webhook does."""
    if not Product.objects.filter(slug=SLUG).exists():
        shop.offer(SLUG, name="Flower", amount=500, interval="")
    named = workspace if isinstance(workspace, str) else workspace.public_id
    order = order or f"ord_{next(_numbers)}"
    about = {"id": order, "workspace": named, "product": SLUG, "amount": 500, "currency": "USD", **data}
    body = json.dumps({"type": kind, "timestamp": now().isoformat(), "data": about})
    event = stored(body.encode(), kind=kind, reference=order)
    return handle_event(event=event, by=System("store event")) if handle else event


def paid(workspace: Workspace, **data: Any) -> Order:
    """An order of that workspace that is paid."""
    return Order.objects.get(pk=told("order.paid", workspace=workspace, **data).order_id)


def alarm() -> Alarm:
    """One that a message raised, which names no workspace of ours."""
    return Alarm.objects.get(event=told("order.paid", workspace="0000000000zz"))
