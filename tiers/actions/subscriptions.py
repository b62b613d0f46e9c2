"""Ending a subscription with its period, and taking that back, at the provider itself."""

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.roles import Permission, require
from tiers import order_policies as policies
from tiers.actions.orders import sync_order
from tiers.models import Order
from tiers.payments import provider


def cancel_subscription(*, order: Order, by: User) -> Order:
    """It stays open to the end of what was paid for, and renews no more. Raises NotPossible or ProviderAway."""
    _check(order, by)
    policies.check_cancel(order)
    provider(order.provider).cancel(order)
    return _settle(order, "subscription.cancelled", by)


def resume_subscription(*, order: Order, by: User) -> Order:
    """It renews again. Raises NotPossible or ProviderAway."""
    _check(order, by)
    policies.check_resume(order)
    provider(order.provider).resume(order)
    return _settle(order, "subscription.resumed", by)


def _check(order: Order, by: User) -> None:
    """What the provider was asked twice it does once, so nothing is locked while it is asked."""
    order.refresh_from_db()
    require(by, Permission.ORDER_WRITE, order.workspace)


def _settle(order: Order, action: str, by: User) -> Order:
    """Who asked for it is kept even where the provider's answer is not yet to be had: its message will come."""
    with transaction.atomic():
        audit.record(action, order, by=by, workspace=order.workspace)
    return sync_order(pk=order.pk, ask=True, by=by)
