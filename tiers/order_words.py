"""Each state of an order as its buyer reads it: a tone, a word or two, and what it means for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tiers.models import Holds, Order, OrderState, Problem

Text = Promise | str


@dataclass(frozen=True, slots=True)
class Told:
    """`meaning` is one or two sentences: what holds now, and whether the buyer has anything to do."""

    tone: str
    label: Text
    meaning: Text


_TOLD: Final = {
    OrderState.CREATED: Told(
        "info",
        _("Waiting for payment"),
        _("It opens by itself the moment the provider tells us that you paid. If you have paid, do not pay again."),
    ),
    OrderState.PENDING: Told(
        "info",
        _("Payment pending"),
        _("The payment is under way. Some ways to pay take minutes, some days. You need do nothing more."),
    ),
    OrderState.FAILED: Told("bad", _("Payment failed"), _("Nothing was received, and nothing was opened.")),
    OrderState.EXPIRED: Told("mute", _("Expired"), _("Nobody paid in time. Nothing was received.")),
    OrderState.CANCELLED: Told("mute", _("Cancelled"), _("It was cancelled before anything was received.")),
    OrderState.PAID: Told("ok", _("Active"), _("It works already, on every gateway.")),
    OrderState.ACTIVE: Told("ok", _("Active"), _("It works already, on every gateway, and renews by itself.")),
    OrderState.PAST_DUE: Told(
        "warn",
        _("Renewal failed"),
        _("The last renewal was not paid. It stays open until the day below, so that you can put the payment right."),
    ),
    OrderState.ENDED: Told("mute", _("Ended"), _("It was paid for, and its time is over.")),
    OrderState.UNFULFILLED: Told(
        "bad", _("Money back due"), _("Your payment arrived but opens nothing, so the money is owed back to you.")
    ),
    OrderState.PARTLY_REFUNDED: Told(
        "warn", _("Partly refunded"), _("A part of the money was given back. What it opened stays as is said below.")
    ),
    OrderState.REFUNDED: Told(
        "mute", _("Refunded"), _("All of the money was given back. This order opens nothing any more.")
    ),
    OrderState.DISPUTED: Told(
        "bad",
        _("Disputed"),
        _("The payment is disputed at the bank. What it opened is suspended, not lost: it returns if we win."),
    ),
    OrderState.DISPUTE_WON: Told("ok", _("Active"), _("A dispute was decided, and the payment stands. It works.")),
    OrderState.DISPUTE_LOST: Told(
        "bad", _("Dispute lost"), _("The bank took the payment back, so what it opened is closed.")
    ),
}
_ENDED: Final = _TOLD[OrderState.ENDED]
_ENDS: Final = Told("warn", _("Will not renew"), _("It was cancelled, and stays open to the end of what was paid for."))
_TAKEN: Final = Told("warn", _("Partly refunded"), _("A part of the money was given back, and that closed it."))
_PARTLY: Final = Told("warn", _("Partly refunded"), _("A part of the money was given back. It stays open."))
_PROBLEMS: Final[dict[str, Text]] = {
    Problem.WINDOW_ENDED: _(
        "Your payment arrived after early access had ended, so there was nothing left to open. "
        "You get the money back, or a credit; the staff know of it."
    ),
    Problem.AMOUNT_DIFFERS: _(
        "The amount that arrived is not the price, so nothing was opened. The staff know of it and put it right."
    ),
    Problem.CURRENCY_DIFFERS: _(
        "The payment arrived in another currency than the price, so nothing was opened. The staff know of it."
    ),
    Problem.NOT_ON_SALE: _(
        "It was not on sale when the payment arrived, so nothing was opened. "
        "You get the money back; the staff know of it."
    ),
}


def told(order: Order, now: datetime) -> Told:
    """What to say of an order at this instant: what was paid for once ends by the clock alone."""
    over = order.ends_at is not None and order.ends_at <= now
    if order.holds == Holds.LIVE and over:
        return _ENDED
    if order.state == OrderState.CANCELLED and order.settled_at is not None:
        return _ENDS
    if order.state == OrderState.PARTLY_REFUNDED:
        return _TAKEN if order.holds == Holds.TAKEN else _PARTLY
    found = _TOLD[OrderState(order.state)]
    if order.state == OrderState.UNFULFILLED and order.problem in _PROBLEMS:
        return Told(found.tone, found.label, _PROBLEMS[order.problem])
    return found
