"""What the state of an order allows its buyer. `check_x` raises with the reason, `can_x` wraps it."""

from typing import Final

from django.utils.translation import gettext as _

from accounts import clock
from accounts.errors import Conflict, DomainError
from tiers.models import Order, OrderState, Provider
from tiers.payments import NotPossible
from tiers.selectors.orders import ends_with_its_period

# Where a checkout of ours leads, and a subscription is managed here; those of a shop outside are managed there.
MANAGED_HERE: Final = frozenset({Provider.STRIPE, Provider.SANDBOX})
# Money that went back says nothing of whether the provider goes on charging.
_MONEY_WENT_BACK: Final = frozenset(
    {OrderState.PARTLY_REFUNDED, OrderState.REFUNDED, OrderState.DISPUTED, OrderState.DISPUTE_LOST}
)


def check_cancel(order: Order) -> None:
    _check_subscription(order)
    if not renews(order):
        raise Conflict(_("It does not renew any more."))


def check_resume(order: Order) -> None:
    _check_subscription(order)
    if order.state != OrderState.CANCELLED and (order.state != OrderState.DISPUTED or renews(order)):
        raise Conflict(_("It was not cancelled."))
    if order.ends_at is not None and order.ends_at <= clock.now():
        raise Conflict(_("It has ended already. Buy it again instead."))


def renews(order: Order) -> bool:
    """Whether the provider of a subscription goes on charging for it, whatever became of the money so far."""
    if order.state in _MONEY_WENT_BACK:
        return not ends_with_its_period(order)
    return order.state in {OrderState.ACTIVE, OrderState.PAST_DUE}


def _check_subscription(order: Order) -> None:
    if order.version is None or not order.version.interval or order.settled_at is None:
        raise Conflict(_("This order does not renew."))
    if order.provider not in MANAGED_HERE:
        raise NotPossible(_("It was bought in a shop outside. Cancel or resume it there; we hear of it at once."))


def can_pay(order: Order) -> bool:
    """Whether our page of it leads to its checkout."""
    return order.state == OrderState.CREATED and order.provider in MANAGED_HERE


def can_cancel(order: Order) -> bool:
    try:
        check_cancel(order)
    except DomainError:
        return False
    return True


def can_resume(order: Order) -> bool:
    try:
        check_resume(order)
    except DomainError:
        return False
    return True
