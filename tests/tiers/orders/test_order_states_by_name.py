"""The rules of the contract one by one, so that a failure names the rule."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.tiers.orders.histories import DAY, NOW, offer
from tiers.order_states import Derived, Event, EventKind, Holds, Offer, OrderState, Problem, derive

PAID_AT = NOW - 3 * DAY


def event(kind: str, key: str = "", **values: Any) -> Event:
    price = {"amount": 500, "currency": "USD"}
    named = {"workspace": "w1", "product": "p1", "at": PAID_AT, "received_at": NOW, **price, **values}
    return Event(key=key or f"{kind}{named}", kind=EventKind(kind), **named)


def refund(amount: int, refund_id: str = "r1") -> Event:
    return event("refunded", f"{refund_id}:{amount}", refund_id=refund_id, refund_amount=amount)


def dispute(outcome: str = "", dispute_id: str = "d1") -> Event:
    kind = "dispute_closed" if outcome else "disputed"
    return event(kind, f"{dispute_id}:{outcome}", dispute_id=dispute_id, outcome=outcome)


def of(*events: Event, offers: list[Offer] | None = None, now: datetime = NOW, **values: Any) -> Derived:
    return derive(events, now=now, offers={"p1": offers or [offer(**values)]}, workspaces={"w1", "w2"})


def test_a_grant_runs_from_the_providers_time_or_from_ours_where_that_is_earlier() -> None:
    assert of(event("paid")).settled_at == PAID_AT
    assert of(event("paid", at=NOW + DAY)).settled_at == NOW


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"workspace": "nobody"}, Problem.UNKNOWN_WORKSPACE),
        ({"product": "nothing"}, Problem.UNKNOWN_PRODUCT),
        ({"amount": 499}, Problem.AMOUNT_DIFFERS),
        ({"amount": None}, Problem.AMOUNT_DIFFERS),
        ({"currency": "EUR"}, Problem.CURRENCY_DIFFERS),
    ],
)
def test_what_is_wrong_grants_nothing_and_is_named(wrong: dict[str, Any], problem: Problem) -> None:
    paid = event("paid", "k1", **wrong)
    found = of(paid)
    assert (found.holds, found.set_aside) == (Holds.NOTHING, {"k1": problem})
    right = of(paid, event("paid", "k2"))
    assert (right.holds, right.state, right.problem) == (Holds.LIVE, OrderState.PAID, None)
    assert right.set_aside == {"k1": problem}


@pytest.mark.parametrize("wrong", [{"workspace": "w2"}, {"product": "p2"}])
@pytest.mark.parametrize("kind", ["created", "paid"])
def test_a_wrong_amount_named_first_takes_nothing_from_what_was_rightly_paid(kind: str, wrong: dict[str, Any]) -> None:
    early = event(kind, "k0", amount=7, at=PAID_AT - DAY, **wrong)
    offers = {name: [offer(name)] for name in ("p1", "p2")}
    found = derive([early, event("paid", "k1")], now=NOW, offers=offers, workspaces={"w1", "w2"})
    assert (found.holds, found.workspace, found.offer) == (Holds.LIVE, "w1", offer("p1"))
    assert list(found.set_aside) == ["k0"]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [({"workspace": "w2"}, Problem.OTHER_WORKSPACE), ({"currency": "EUR"}, Problem.CURRENCY_DIFFERS)],
)
def test_a_refund_that_names_what_is_not_so_takes_nothing(wrong: dict[str, Any], problem: Problem) -> None:
    back = event("refunded", "k2", refund_id="r1", refund_amount=500, at=NOW, **wrong)
    found = of(event("paid", "k1"), back)
    assert (found.holds, found.set_aside) == (Holds.LIVE, {"k2": problem})


def test_refunds_are_summed_by_their_ids() -> None:
    once = of(event("paid"), refund(250), refund(250))
    assert (once.holds, once.refunded, once.state) == (Holds.LIVE, 250, OrderState.PARTLY_REFUNDED)
    twice = of(event("paid"), refund(250), refund(250, "r2"))
    assert (twice.holds, twice.state) == (Holds.TAKEN, OrderState.REFUNDED)


@pytest.mark.parametrize("amount", [500, 10**9])
def test_a_refund_of_a_part_keeps_takes_or_shortens_as_the_product_says(amount: int) -> None:
    history = [event("paid", amount=amount), event("refunded", amount=amount, refund_id="r", refund_amount=amount // 5)]
    rules = {"amount": amount, "lasts_days": 3650}
    assert of(*history, **rules).ends_at == PAID_AT + 3650 * DAY
    assert of(*history, partial_refund="revoke", **rules).holds is Holds.TAKEN
    shortened = of(*history, partial_refund="prorate", **rules)
    assert (shortened.holds, shortened.ends_at) == (Holds.LIVE, PAID_AT + 2920 * DAY)
    assert of(*history, partial_refund="prorate", amount=amount, calls=1000).calls == 800


def test_a_refund_of_a_part_of_a_subscription_is_a_part_of_all_that_was_paid() -> None:
    renewals = [event("renewed", period_end=PAID_AT + days * DAY) for days in (60, 90, 120)]
    found = of(event("paid"), *renewals, refund(250), interval="month", partial_refund="prorate")
    assert found.ends_at == PAID_AT + 105 * DAY


def test_disputes_are_followed_by_their_ids() -> None:
    paid = event("paid")
    assert of(paid, dispute()).holds is Holds.SUSPENDED
    won = of(paid, dispute(), dispute("won"))
    assert (won.holds, won.state) == (Holds.LIVE, OrderState.DISPUTE_WON)
    assert of(paid, dispute("lost")).holds is Holds.TAKEN
    assert of(paid, dispute(), dispute("won"), dispute(dispute_id="d2")).holds is Holds.SUSPENDED
    assert of(paid, dispute("won"), dispute("lost")).state is OrderState.DISPUTE_LOST


def test_only_the_status_of_a_subscription_goes_by_version() -> None:
    history = [
        event("paid", version=1),
        event("past_due", version=3),
        event("renewed", version=4, period_end=NOW + 30 * DAY),
        event("cancelled", version=2),
    ]
    found = of(*history, interval="month")
    assert (found.state, found.ends_at) == (OrderState.ACTIVE, NOW + 30 * DAY)
    behind = of(*history, event("past_due", version=5), interval="month", grace_days=4)
    assert (behind.state, behind.ends_at) == (OrderState.PAST_DUE, NOW + 34 * DAY)
    ended = of(*history, interval="month", now=NOW + 31 * DAY)
    assert (ended.state, ended.holds) == (OrderState.ENDED, Holds.LIVE)


def test_a_period_counts_only_where_it_was_paid_for() -> None:
    far = NOW + 300 * DAY
    unpaid = [event(kind, period_end=far) for kind in ("past_due", "cancelled", "pending")]
    wrong = [event("renewed", period_end=far, amount=1), event("renewed", period_end=far, currency="EUR")]
    found = of(event("paid", period_end=NOW + DAY, version=9), *unpaid, *wrong, interval="month")
    assert found.ends_at == NOW + DAY
    assert len(found.set_aside) == 2


def test_a_renewal_that_names_no_price_extends_but_does_not_pay() -> None:
    silent = event("renewed", "k", period_end=NOW + 60 * DAY, amount=None, currency="")
    alone = of(silent, interval="month")
    assert (alone.holds, alone.set_aside.keys()) == (Holds.NOTHING, {"k"})
    assert of(event("paid"), silent, interval="month").ends_at == NOW + 60 * DAY
    priced = of(event("renewed", period_end=NOW + 60 * DAY), interval="month")
    assert (priced.holds, priced.settled_at) == (Holds.LIVE, PAID_AT)


def test_the_price_is_that_of_the_day_of_the_order() -> None:
    prices = [offer(id=1, amount=400, sale_until=PAID_AT), offer(id=2, amount=500, sale_from=PAID_AT)]
    cheap = event("paid", amount=400)
    assert of(cheap, offers=prices).problem == Problem.AMOUNT_DIFFERS
    ordered = event("created", at=PAID_AT - timedelta(seconds=1), amount=400)
    assert of(cheap, ordered, offers=prices).holds is Holds.LIVE
    renewed = event("renewed", amount=400, at=NOW, period_end=NOW + 30 * DAY)
    subscribed = of(event("paid", amount=400, at=PAID_AT - DAY), renewed, offers=prices)
    assert (subscribed.ends_at, subscribed.set_aside) == (NOW + 30 * DAY, {})


@pytest.mark.parametrize("end", [{"window_until": PAID_AT}, {"closed_at": PAID_AT}])
def test_what_settles_after_early_access_is_unfulfilled_until_the_money_is_back(end: dict[str, datetime]) -> None:
    early = {"kind": "early_access", **end}
    late = of(event("paid"), **early)
    assert (late.state, late.holds, late.problem) == (OrderState.UNFULFILLED, Holds.NOTHING, Problem.WINDOW_ENDED)
    assert of(event("paid", at=PAID_AT - DAY), **early).holds is Holds.LIVE
    back = of(event("paid"), refund(500), **early)
    assert (back.state, back.problem) == (OrderState.REFUNDED, None)
    credited = of(event("paid"), event("credited"), **early)
    assert (credited.state, credited.problem) == (OrderState.UNFULFILLED, None)
    assert of(event("paid"), dispute("lost"), **early).state is OrderState.DISPUTE_LOST


def test_money_that_did_not_fit_is_settled_once_it_is_back() -> None:
    wrong = event("paid", amount=499)
    assert of(wrong).state is OrderState.UNFULFILLED
    back = event("refunded", amount=499, refund_id="r", refund_amount=499)
    assert (of(wrong, back).state, of(wrong, back).problem) == (OrderState.REFUNDED, None)


def test_an_order_whose_payment_did_not_fit_waits_on() -> None:
    found = of(event("created", "k1"), event("paid", "k2", amount=499))
    assert (found.state, found.unsettled_since) == (OrderState.UNFULFILLED, PAID_AT)


def test_an_order_waits_for_its_money_from_when_it_was_made() -> None:
    assert of(event("created"), event("pending", at=NOW)).unsettled_since == PAID_AT
    for end in ("failed", "expired", "cancelled", "paid"):
        assert of(event("created"), event(end)).unsettled_since is None
