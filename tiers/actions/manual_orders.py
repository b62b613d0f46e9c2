"""What staff record of orders that no provider tells of: paid, refunded, credited. Each is a message in the inbox with
a person's name beside it, and the order follows from it as from any other."""

import json
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.audit import Actor
from accounts.errors import Conflict, Invalid
from accounts.models import User, Workspace
from tiers import offline_orders, policies
from tiers.actions.inbox import store_event
from tiers.actions.orders import sync_order
from tiers.models import EventKind, Order, Product, Provider, ProviderEvent
from tiers.offline_orders import Offline
from tiers.offline_sheets import Sheet
from tiers.order_states import Event, OrderState
from tiers.payments import Received
from tiers.product_rules import check_manage
from tiers.selectors import order_facts

CREDIT = "credit"


@transaction.atomic
def record_order(
    *,
    workspace: Workspace,
    product: Product,
    amount: int,
    currency: str,
    paid_at: datetime,
    reference: str,
    note: str,
    by: Actor,
) -> Order:
    """A payment that was received. Told again under the same reference it is the order that there is; told
    differently, Invalid says so. Amounts in minor units. The note is for staff, and so no reason in the audit, which
    the workspace reads."""
    check_manage(by)
    policies.check_outsider(by, workspace)
    offline = Offline(
        reference=reference.strip(),
        workspace=workspace.public_id,
        product=product.slug,
        amount=amount,
        currency=currency.strip().upper(),
        paid_at=paid_at,
        note=note.strip(),
    )
    offers = order_facts.offers([product.slug])
    offline_orders.check(offline, now=clock.now(), offers=offers, workspaces={workspace.public_id})
    order, is_new = Order.objects.get_or_create(
        provider=Provider.MANUAL,
        source="",
        reference=offline.reference,
        defaults={"note": offline.note, "created_by": by if isinstance(by, User) else None},
    )
    if not is_new:
        _check_same(order, offline)
        return order
    after = {"product": product.slug, "amount": amount, "currency": offline.currency, "reference": offline.reference}
    audit.record("order.recorded", order, by=by, workspace=workspace, after=after)
    return _tell(order, "order.paid", _paid(offline.reference), offline.body(), by)


@transaction.atomic
def record_refund(*, order: Order, amount: int, reference: str, note: str, by: Actor) -> Order:
    """Money that was sent back for an order that staff recorded. The same reference again changes nothing."""
    check_manage(by)
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if order.provider != Provider.MANUAL:
        raise Conflict(_("Refund this at its provider, which tells us."))
    reference = offline_orders.check_reference(reference.strip())
    note = offline_orders.check_note(note.strip())
    event_id = f"refund:{order.public_id}:{reference}"
    told = ProviderEvent.objects.filter(provider=Provider.MANUAL, source="", event_id=event_id).first()
    if told is not None:
        if json.loads(bytes(told.body))["data"]["refund"]["amount"] != amount:
            raise Invalid(_("Another amount was recorded under this reference."), field="reference")
        return order
    if not 0 < amount <= _left(order):
        raise Invalid(_("Give back more than nothing, and at most what was paid."), field="amount")
    after = {"amount": amount, "reference": reference}
    audit.record("order.refund_recorded", order, by=by, workspace=order.workspace, reason=note, after=after)
    return _tell(order, "order.refunded", event_id, _refund(order, amount, reference, note), by)


@transaction.atomic
def record_credit(*, order: Order, note: str, by: Actor) -> Order:
    """What was paid for in vain was made good in another way: the note says how. It grants nothing."""
    check_manage(by)
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    note = offline_orders.check_note(policies.check_reason(note))
    if order.state != OrderState.UNFULFILLED or not order.problem:
        raise Conflict(_("Only an order that was paid in vain, and not yet made good, can be credited."))
    now = clock.now()
    audit.record("order.credited", order, by=by, workspace=order.workspace, reason=note)
    event = Event(key=CREDIT, kind=EventKind.CREDITED, at=now, received_at=now)
    return sync_order(pk=order.pk, ask=False, by=by, recorded=[event])


@transaction.atomic
def import_rows(*, sheet: Sheet, by: Actor) -> list[Order]:
    """All rows or none. Raises Invalid where one has an error; importing the same sheet again changes nothing."""
    check_manage(by)
    if not sheet.is_good:
        raise Invalid(_("The file has errors. Put them right, then import it: nothing was recorded."), field="file")
    rows = [row.offline for row in sheet.rows if row.offline is not None]
    workspaces = Workspace.objects.filter(public_id__in={row.workspace for row in rows})
    # Locked all at once, in order, so that two imports never wait for each other.
    locked = {workspace.public_id: workspace for workspace in workspaces.select_for_update(no_key=True).order_by("pk")}
    products = {product.slug: product for product in Product.objects.filter(slug__in={row.product for row in rows})}
    return [_import(row, locked[row.workspace], products[row.product], by) for row in rows]


def _import(row: Offline, workspace: Workspace, product: Product, by: Actor) -> Order:
    return record_order(
        workspace=workspace,
        product=product,
        amount=row.amount,
        currency=row.currency,
        paid_at=row.paid_at,
        reference=row.reference,
        note=row.note,
        by=by,
    )


def _tell(order: Order, kind: str, event_id: str, body: bytes, by: Actor) -> Order:
    received = Received(event_id=event_id, kind=kind, body=body, reference=order.reference)
    store_event(name=Provider.MANUAL, source="", received=received)
    return sync_order(pk=order.pk, ask=False, by=by)


def _paid(reference: str) -> str:
    return f"paid:{reference}"


def _check_same(order: Order, offline: Offline) -> None:
    told = ProviderEvent.objects.get(provider=Provider.MANUAL, source="", event_id=_paid(order.reference))
    if not offline.is_told_by(bytes(told.body)):
        raise Invalid(_("Another payment was recorded under this reference."), field="reference")


def _left(order: Order) -> int:
    """What was paid and not yet given back."""
    paid = order.events.filter(kind=EventKind.PAID).order_by("pk").values_list("amount", flat=True).first()
    return max(0, (paid or 0) - order.refunded)


def _refund(order: Order, amount: int, reference: str, note: str) -> bytes:
    data = {"id": order.reference, "refund": {"id": reference, "amount": amount}, "note": note}
    told = {"type": "order.refunded", "timestamp": clock.now().astimezone(UTC).isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False).encode()
