"""Rows as the pure core of orders reads them."""

from collections.abc import Iterable
from typing import Any

from accounts.models import Workspace
from tiers.models import Order, OrderEvent, ProductKind, ProductVersion
from tiers.order_states import Event, EventKind, Offer


def offer(version: ProductVersion) -> Offer:
    """`version` with its product, and its model where it has one, joined."""
    model = version.model if version.product.kind == ProductKind.EARLY_ACCESS else None
    return Offer(
        id=version.pk,
        product=version.product.slug,
        kind=version.product.kind,
        amount=version.amount,
        currency=version.currency,
        sale_from=version.sale_from,
        sale_until=version.sale_until,
        interval=version.interval,
        lasts_days=version.lasts_days,
        grace_days=version.grace_days,
        partial_refund=version.partial_refund,
        calls=version.calls,
        window_until=version.window_until,
        closed_at=model.goal_reached_at if model else None,
        awaits_goal=bool(model and model.goal_amount and not model.goal_reached_at),
    )


def versions(**named: Any) -> list[ProductVersion]:
    """Those that are named so, oldest first, each with what it opens joined."""
    found = ProductVersion.objects.filter(**named).select_related("product", "tier", "model")
    return list(found.order_by("product", "number"))


def by_product(rows: Iterable[ProductVersion]) -> dict[str, list[Offer]]:
    """By the slug of their product, in the order in which they come."""
    found: dict[str, list[Offer]] = {}
    for row in rows:
        found.setdefault(row.product.slug, []).append(offer(row))
    return found


def offers(slugs: Iterable[str]) -> dict[str, list[Offer]]:
    """All versions of each of these products that exists, oldest first."""
    return by_product(versions(product__slug__in=set(slugs)))


def existing_workspaces(public_ids: Iterable[str]) -> set[str]:
    return set(Workspace.objects.filter(public_id__in=set(public_ids)).values_list("public_id", flat=True))


def events(order: Order) -> list[Event]:
    return [event(row) for row in OrderEvent.objects.filter(order=order)]


def event(row: OrderEvent) -> Event:
    return Event(
        key=row.key,
        kind=EventKind(row.kind),
        at=row.at,
        received_at=row.received_at,
        version=row.version,
        workspace=row.workspace,
        product=row.product,
        amount=row.amount,
        currency=row.currency,
        refund_id=row.refund_id,
        refund_amount=row.refund_amount,
        dispute_id=row.dispute_id,
        outcome=row.outcome,
        period_end=row.period_end,
    )
