"""The demo's orders: placed, paid, given back and disputed, each event as its provider would have told it."""

import json
from collections.abc import Iterator
from datetime import UTC
from functools import partial

from django.conf import settings
from django.urls import reverse

from accounts import clock
from accounts.audit import System
from tiers.actions.inbox import handle_event, store_event
from tiers.actions.manual_orders import record_order
from tiers.actions.orders import open_checkout, place_order, sync_order
from tiers.models import Order, Product, ProductVersion, Provider, SandboxDelivery, SandboxMessage
from tiers.payments import Received
from tiers.sandbox import ledger
from tokens.demo.offers import SOURCE
from tokens.demo.story import Stage, Step, Table, read, span


def steps(stage: Stage) -> Iterator[Step]:
    for told in read("orders")["orders"]:
        yield from _WAYS[told["way"]](stage, told)


# --- At the sandbox --------------------------------------------------------------------------------------------


def _at_the_sandbox(stage: Stage, told: Table) -> Iterator[Step]:
    made: list[Order] = []

    def place() -> None:
        by, workspace = stage.people[told["by"]], stage.workspaces[told["workspace"]]
        product = Product.objects.get(slug=told["product"])
        order = place_order(workspace=workspace, product=product, name=Provider.SANDBOX, by=by)
        back = settings.SITE_URL + reverse("orders:returned", args=[order.public_id])
        made.append(open_checkout(order=order, back=back, by=by))

    yield Step(span(told["placed"]), place)
    for step in told["steps"]:
        yield Step(span(step["ago"]), partial(_press, made, step))


def _press(made: list[Order], step: Table) -> None:
    """A button of the checkout. Nothing can be delivered within the transaction of the loading, so what is due is
    handed to the inbox as its delivery would have; what is lost is found as by the page that asks."""
    [order] = made
    wish = ledger.Wish(amount=step.get("amount"), delivery=ledger.Delivery.LOST)
    for message in ledger.take_step(order=order, step=ledger.Step(step["do"]), wish=wish):
        if not step.get("lost"):
            _hand_over(order, message)
    if step.get("lost"):
        sync_order(pk=order.pk, ask=True, by=System("return page"))


def _hand_over(order: Order, message: SandboxMessage) -> None:
    received = Received(message.event_id, message.kind, message.body.encode(), order.reference)
    event = store_event(name=Provider.SANDBOX, source="", received=received)
    event = handle_event(event=event, by=System(f"{Provider.SANDBOX} event"))
    answer = json.dumps({"event": event.public_id, "state": event.state})
    SandboxDelivery.objects.create(message=message, http_status=200, answer=answer, took_ms=38 + event.pk % 29)


# --- At the shop outside ---------------------------------------------------------------------------------------


def _at_the_shop(stage: Stage, told: Table) -> Iterator[Step]:
    for number, step in enumerate(told["steps"], 1):
        yield Step(span(step["ago"]), partial(_tell, stage, told, step, number))


def _tell(stage: Stage, told: Table, step: Table, number: int) -> None:
    at = clock.now().astimezone(UTC).isoformat()
    payload = {"type": step["do"], "timestamp": at, "data": _data(stage, told, step, number)}
    received = Received(
        event_id=f"msg_{told['reference']}_{number}",
        kind=step["do"],
        body=json.dumps(payload).encode(),
        reference=told["reference"],
    )
    event = store_event(name=Provider.STANDARD, source=SOURCE, received=received)
    handle_event(event=event, by=System(f"{Provider.STANDARD} event"))


def _data(stage: Stage, told: Table, step: Table, number: int) -> Table:
    version = ProductVersion.objects.filter(product__slug=told["product"]).order_by("number")[0]
    data: Table = {
        "id": told["reference"],
        "version": number,
        "workspace": stage.workspaces[told["workspace"]].public_id,
        "product": told["product"],
        "amount": version.amount,
        "currency": version.currency,
    }
    if "dispute" in step["do"]:
        data["dispute"] = {"id": f"dp_{told['reference']}"}
    if "outcome" in step:
        data["dispute"]["outcome"] = step["outcome"]
    return data


# --- By invoice ------------------------------------------------------------------------------------------------


def _by_invoice(stage: Stage, told: Table) -> Iterator[Step]:
    yield Step(span(told["recorded"]), partial(_record, stage, told))


def _record(stage: Stage, told: Table) -> None:
    version = ProductVersion.objects.select_related("product").get(product__slug=told["product"], sale_until=None)
    record_order(
        workspace=stage.workspaces[told["workspace"]],
        product=version.product,
        amount=version.amount,
        currency=version.currency,
        paid_at=clock.now() + span(told["recorded"]) - span(told["paid"]),
        reference=told["reference"],
        note=told["note"],
        by=stage.administrator,
    )


_WAYS = {"sandbox": _at_the_sandbox, "shop": _at_the_shop, "invoice": _by_invoice}
