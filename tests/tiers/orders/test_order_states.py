"""An order follows from the set of its events, as the contract says it: compared with a model that says it plainly."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiers.orders.histories import DAY, NOW, PRODUCTS, WORKSPACES, events, histories, offer
from tests.tiers.orders.plain_model import Verdict, judge
from tiers.order_events import HELD
from tiers.order_states import Derived, Event, EventKind, Holds, OrderState, derive

ANY_MOMENT = st.datetimes(timezones=st.just(UTC))
ANY_AMOUNT = st.integers(0, 2**63 - 1)


def derived(history: list[Event], **values: object) -> Derived:
    return derive(history, **{"now": NOW, "offers": PRODUCTS, "workspaces": WORKSPACES, **values})


def verdict(found: Derived) -> Verdict:
    return Verdict(
        grant="" if found.holds is Holds.NOTHING else found.holds.value,
        workspace=found.workspace,
        starts_at=found.settled_at if found.holds is not Holds.NOTHING else None,
        ends_at=found.ends_at,
        calls=found.calls,
        refunded=found.refunded,
        unfulfilled=found.state is OrderState.UNFULFILLED,
        aside=frozenset(found.set_aside),
    )


def without_credit(history: list[Event]) -> list[Event]:
    """The contract's payload has no such event: staff alone record it."""
    return [event for event in history if event.kind != EventKind.CREDITED]


@settings(max_examples=400, deadline=None)
@given(histories())
def test_the_grant_is_the_plain_models(history: list[Event]) -> None:
    history = without_credit(history)
    assert verdict(derived(history)) == judge(history, PRODUCTS, WORKSPACES)


@settings(max_examples=400, deadline=None)
@given(histories(), st.integers(0, 400))
def test_every_state_holds_what_the_database_takes(history: list[Event], days: int) -> None:
    found = derived(history, now=NOW + days * DAY)
    assert found.holds in HELD[found.state]


def test_every_state_has_its_line() -> None:
    assert set(HELD) == set(OrderState)


@settings(max_examples=80, deadline=None)
@given(histories().flatmap(lambda history: st.tuples(st.just(history), st.permutations(history), st.data())))
def test_neither_order_nor_repetition_makes_a_difference(drawn: tuple[list[Event], list[Event], st.DataObject]) -> None:
    history, shuffled, data = drawn
    repeated = data.draw(st.lists(st.sampled_from(shuffled), max_size=5)) if shuffled else []
    assert derived([*repeated, *shuffled, *repeated]) == derived(history)


@settings(max_examples=80, deadline=None)
@given(histories())
def test_nothing_is_held_that_was_not_paid_for(history: list[Event]) -> None:
    found = derived(history)
    paid = [event for event in history if event.kind in {EventKind.PAID, EventKind.RENEWED}]
    if found.holds is not Holds.NOTHING:
        assert found.offer is not None
        assert any(event.amount == found.offer.amount and event.key not in found.set_aside for event in paid)
        assert found.settled_at is not None
        assert found.settled_at <= NOW
    assert found.problem is None or found.holds is Holds.NOTHING


@settings(max_examples=80, deadline=None)
@given(histories(), st.sampled_from([EventKind.PENDING, EventKind.FAILED, EventKind.EXPIRED]), ANY_MOMENT)
def test_paid_beats_pending_failed_and_expired(history: list[Event], kind: EventKind, at: datetime) -> None:
    found = derived(history)
    later = derived([*history, Event(key="late", kind=kind, at=at, received_at=NOW, version=99)])
    if found.holds is not Holds.NOTHING:
        assert later == found


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_date_and_no_amount_is_too_much(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(PRODUCTS)))
    price, days = data.draw(ANY_AMOUNT) or 1, data.draw(st.none() | st.integers(1, 2**31 - 1))
    wild = [
        replace(one, amount=price, currency="USD", lasts_days=None if one.interval else days, calls=one.calls and 2**62)
        for one in PRODUCTS[name]
    ]
    history = [
        replace(
            event,
            at=data.draw(ANY_MOMENT),
            amount=data.draw(st.none() | st.just(price) | ANY_AMOUNT),
            version=data.draw(st.none() | st.integers(-(2**63) + 1, 2**63 - 1)),
            refund_amount=event.refund_amount and data.draw(ANY_AMOUNT),
            period_end=event.period_end and data.draw(ANY_MOMENT),
        )
        for event in data.draw(st.lists(events(name), max_size=6, unique_by=lambda event: event.key))
    ]
    found = derived(history, offers={**PRODUCTS, name: wild})
    assert 0 <= found.refunded < 2**63
    if found.ends_at is not None and found.settled_at is not None:
        assert found.settled_at < found.ends_at <= datetime(3001, 1, 1, tzinfo=UTC)
    assert found.calls is None or found.calls >= 1


@settings(max_examples=80, deadline=None)
@given(histories(), st.integers(0, 400))
def test_time_alone_changes_but_whether_a_subscription_is_called_ended(history: list[Event], days: int) -> None:
    found, later = derived(history), derived(history, now=NOW + days * DAY)
    assert later == found or later == replace(found, state=OrderState.ENDED)


def test_a_quoted_offer_binds_us_whatever_is_on_sale_now() -> None:
    quoted = offer("once-keep", id=1, amount=400, lasts_days=30, sale_until=NOW - 10 * DAY)
    paid = Event(
        key="p",
        kind=EventKind.PAID,
        at=NOW - timedelta(hours=1),
        received_at=NOW,
        workspace="w1",
        product="once-keep",
        amount=400,
        currency="USD",
    )
    assert derived([paid]).holds is Holds.NOTHING
    assert derived([paid], quoted=quoted).holds is Holds.LIVE
