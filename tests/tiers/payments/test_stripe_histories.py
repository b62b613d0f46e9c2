"""Whatever Stripe's messages went through, an order comes to what a plain reckoning of the money says."""

import random
from dataclasses import dataclass, field

import pytest

from accounts.audit import Task
from tests.fixtures.stripe_shop import Shop
from tests.fixtures.stripe_stub import Json
from tiers.actions.inbox import handle_event
from tiers.actions.orders import sync_order
from tiers.models import Grant, Order, ProviderEvent

BY = Task("tests")
PRICE = 500


@dataclass
class Money:
    """The plain reckoning. `disputes`: how each stands."""

    paid: bool = False
    refunded: int = 0
    disputes: dict[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> str:
        if not self.paid:
            return "nothing"
        if self.refunded >= PRICE or "lost" in self.disputes.values():
            return "taken"
        return "suspended" if "needs_response" in self.disputes.values() else "live"


def happen(shop: Shop, session: Json, money: Money, chance: random.Random) -> list[str]:
    """One more thing at Stripe, and what it tells of it."""
    if not money.paid:
        money.paid = True
        return [shop.message("checkout.session.completed", shop.stripe.pay(session))]
    charge = shop.stripe.charge_of(session)
    open_ones = [name for name, status in money.disputes.items() if status == "needs_response"]
    what = chance.choice(["refund", "pending", "dispute", "question", "close"])
    if what == "refund" and money.refunded < PRICE:
        amount = chance.choice([100, 200, PRICE - money.refunded])
        amount = min(amount, PRICE - money.refunded)
        money.refunded += amount
        return [shop.message("refund.created", shop.stripe.refund(charge, amount))]
    if what == "pending":
        return [shop.message("refund.created", shop.stripe.refund(charge, 100, "pending"))]
    if what == "question":
        return [shop.message("charge.dispute.created", shop.stripe.dispute(charge, "warning_needs_response"))]
    if what == "close" and open_ones:
        dispute = shop.stripe.things[chance.choice(open_ones)]
        dispute["status"] = money.disputes[dispute["id"]] = chance.choice(["won", "lost"])
        return [shop.message("charge.dispute.closed", dispute)]
    dispute = shop.stripe.dispute(charge)
    money.disputes[dispute["id"]] = "needs_response"
    return [shop.message("charge.dispute.created", dispute)]


def deliver(shop: Shop, bodies: list[str], chance: random.Random) -> None:
    """Some never, some twice, in any order, some while Stripe cannot be asked."""
    sent = [body for body in bodies for _time in range(chance.choice([0, 1, 1, 2]))]
    chance.shuffle(sent)
    for body in sent:
        shop.stripe.away = chance.random() < 0.2
        assert shop.deliver(body).status_code in ({500, 200} if shop.stripe.away else {200})
    shop.stripe.away = False


@pytest.mark.parametrize("seed", range(8))
def test_a_history_comes_to_what_the_money_says(shop: Shop, seed: int) -> None:
    chance, money = random.Random(seed), Money()  # noqa: S311
    order = shop.order()
    session, told = shop.session(order), list[str]()
    for _step in range(chance.randint(1, 6)):
        told += happen(shop, session, money, chance)
        if chance.random() < 0.5:
            deliver(shop, told, chance)
    deliver(shop, told, chance)
    for event in ProviderEvent.objects.filter(handled_at=None):
        handle_event(event=event, by=BY)
    check(sync_order(pk=order.pk, ask=True, by=BY), money)


def check(order: Order, money: Money) -> None:
    grant = Grant.objects.filter(order=order).first()
    phase = {"nothing": (None, None), "live": (True, True), "suspended": (True, False), "taken": (False, None)}
    assert (order.holds, order.refunded) == (money.holds, money.refunded)
    is_open, undisputed = phase[money.holds]
    assert (grant is not None) == (is_open is not None)
    if grant is not None:
        assert (grant.revoked_at is None) == is_open
        assert undisputed is None or (grant.disputed_at is None) == undisputed
    assert not ProviderEvent.objects.filter(handled_at=None).exists()
