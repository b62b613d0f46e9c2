"""What the state of an order allows its buyer. `check_x` raises with the reason, `can_x` wraps it."""

from typing import Final

from django.utils.translation import gettext as _

from accounts import clock
from accounts.errors import Conflict, DomainError
from tiers.models import Order, OrderState, Provider
from tiers.payments import NotPossible

# Where a subscription is managed here; one of a shop outside is managed there.
MANAGED_HERE: Final = frozenset({Provider.STRIPE, Provider.SANDBOX})


def check_cancel(order: Order) -> None:
    _check_subscription(order)
    if order.state not in {OrderState.ACTIVE, OrderState.PAST_DUE}:
        raise Conflict(_("It does not renew any more."))


def check_resume(order: Order) -> None:
    _check_subscription(order)
    if order.state != OrderState.CANCELLED:
        raise Conflict(_("It was not cancelled."))
    if order.ends_at is not None and order.ends_at <= clock.now():
        raise Conflict(_("It has ended already. Buy it again instead."))


def _check_subscription(order: Order) -> None:
    if order.version is None or not order.version.interval or order.settled_at is None:
        raise Conflict(_("This order does not renew."))
    if order.provider not in MANAGED_HERE:
        raise NotPossible(_("It was bought in a shop outside. Cancel or resume it there; we hear of it at once."))


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
