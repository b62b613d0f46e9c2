"""Giving money back at the provider that took it."""

from typing import Final

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import Conflict, Invalid
from accounts.models import User
from accounts.roles import Permission, require
from tiers.actions.orders import sync_order
from tiers.catalogue_rules import check_reason
from tiers.models import Order, Provider
from tiers.order_policies import renews
from tiers.payments import NotPossible, provider
from tiers.selectors.orders import money

log = structlog.get_logger(__name__)
# Of all others the money lies elsewhere: staff record what they gave back, or the shop outside tells of it.
GIVES_BACK: Final = frozenset({Provider.STRIPE, Provider.SANDBOX})


def refund_at_provider(*, order: Order, amount: int, reason: str, by: User) -> Order:
    """Ask the provider to give so much back, and bring the order to what it says then. The provider gives it once, if
    asked twice for the same amount. Who asked is kept even where it fails. Raises NotPossible or ProviderAway."""
    require(by, Permission.PAYMENTS_MANAGE)
    reason = check_reason(reason)
    if order.provider not in GIVES_BACK:
        raise Conflict(_("This provider cannot be asked for a refund from here."))
    kept = money(order).kept
    if not 0 < amount <= kept:
        raise Invalid(_("Give back more than nothing, and at most what was paid."), field="amount")
    with transaction.atomic():
        after = {"amount": amount}
        audit.record("order.refund_asked", order, by=by, workspace=order.workspace, reason=reason, after=after)
    provider(order.provider).refund(order, amount)
    if _takes_it_back(order, amount):
        _stop_charging(order, by)
    return sync_order(pk=order.pk, ask=True, by=by)


def _takes_it_back(order: Order, amount: int) -> bool:
    """Whether that refund closes a subscription which would go on being charged for."""
    version = order.version
    if version is None or not version.interval or not renews(order):
        return False
    return version.partial_refund == "revoke" or order.refunded + amount >= version.amount


def _stop_charging(order: Order, by: User) -> None:
    """Where the provider does not take that, a renewal raises an alarm."""
    try:
        provider(order.provider).cancel(order)
    except NotPossible as error:
        log.warning("subscription_not_cancelled", order=order.public_id, reason=str(error.message))
        return
    with transaction.atomic():
        audit.record("subscription.cancelled", order, by=by, workspace=order.workspace)
