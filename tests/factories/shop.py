"""What is on sale, and orders of it, made by the messages of a shop that speaks Standard Webhooks."""

import json
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from accounts.audit import System
from accounts.clock import now
from accounts.models import Workspace
from tiers.actions.inbox import handle_event, store_event
from tiers.models import AIModel, Order, Product, ProductKind, ProductVersion, Provider, ProviderEvent, Tier
from tiers.payments import Received

SOURCE = "shop"
_numbers = count(1)


def offer(slug: str = "flower-month", **values: Any) -> ProductVersion:
    """A product on sale since an hour ago; unless said otherwise the flower tier, monthly, for $29."""
    given = {"name": "Flower, monthly", "amount": 2900, "currency": "USD", "interval": "month", **values}
    if "model" in given:
        given["model"] = AIModel.objects.get(name=given["model"])
    elif "calls" not in given:
        given["tier"] = Tier.objects.get(slug=given.get("tier", "flower"))
    kind = given.pop("kind", ProductKind.PACK if "calls" in given else ProductKind.TIER)
    product = Product.objects.create(slug=slug, kind=kind)
    return ProductVersion.objects.create(
        product=product, number=1, **{"sale_from": now() - timedelta(hours=1), **given}
    )


def early_access(model: str = "flux-pro", **values: Any) -> ProductVersion:
    """Early access to a model whose window is open, for €9, for good."""
    moment = now()
    until = values.pop("until", moment + timedelta(days=9))
    AIModel.objects.filter(name=model).update(
        early_access_from=moment - timedelta(days=1), early_access_until=until, **values.pop("of_model", {})
    )
    given = {"name": f"{model}, early", "amount": 900, "currency": "EUR", "interval": "", "window_until": until}
    return offer(f"{model}-early", kind=ProductKind.EARLY_ACCESS, model=model, **{**given, **values})


def tell(
    kind: str,
    offered: ProductVersion,
    workspace: Workspace,
    *,
    reference: str = "ord_1",
    at: datetime | None = None,
    again: int = 0,
    **data: Any,
) -> Order:
    """A message about an order, stored and applied as a webhook does it, `again` so many times more."""
    given = {"id": reference, "workspace": workspace.public_id, "product": offered.product.slug}
    given |= {"amount": offered.amount, "currency": offered.currency, **data}
    sent_at = at or now() - timedelta(milliseconds=74)
    body = json.dumps({"type": kind, "timestamp": sent_at.isoformat(), "data": given}).encode()
    received = Received(event_id=f"msg_{next(_numbers)}", kind=kind, body=body, reference=reference)
    for _turn in range(again + 1):
        event = store_event(name=Provider.STANDARD, source=SOURCE, received=received)
        handle_event(event=event, by=System("standard event"))
    return Order.objects.get(inbox=ProviderEvent.objects.get(event_id=received.event_id))


def bought(workspace: Workspace, offered: ProductVersion | None = None, **values: Any) -> Order:
    return tell("order.paid", offered or offer(), workspace, **values)
