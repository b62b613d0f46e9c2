"""Sets of events of one order, as shops send them: most fit, some name what is not so."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tiers.order_states import Event, EventKind, Offer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WORKSPACES = {"w1", "w2"}
# Drawn more often, since most rules are about what follows a payment.
_LIKELY = [
    EventKind.PAID,
    EventKind.PAID,
    EventKind.RENEWED,
    EventKind.REFUNDED,
    EventKind.DISPUTED,
    EventKind.DISPUTE_CLOSED,
]
RULES = ("keep", "revoke", "prorate")


def offer(product: str = "p1", **values: Any) -> Offer:
    given = {"id": 1, "kind": "tier", "amount": 500, "currency": "USD", "sale_from": NOW - 100 * DAY, **values}
    return Offer(product=product, **given)


def versions(product: str, **values: Any) -> list[Offer]:
    """Two prices: 400 until ten days ago, 500 since."""
    changed = NOW - 10 * DAY
    return [
        offer(product, **{"id": 1, "amount": 400, "sale_until": changed, **values}),
        offer(product, **{"id": 2, "amount": 500, "sale_from": changed, **values}),
    ]


PRODUCTS = {
    **{f"once-{rule}": versions(f"once-{rule}", lasts_days=30, partial_refund=rule) for rule in RULES},
    **{f"monthly-{rule}": versions(f"monthly-{rule}", interval="month", partial_refund=rule) for rule in RULES},
    "for-good": versions("for-good"),
    "yearly": versions("yearly", interval="year", grace_days=3),
    "pack": versions("pack", calls=1000, partial_refund="prorate"),
    "early": versions("early", kind="early_access", window_until=NOW - 5 * DAY),
    "goal": versions("goal", kind="early_access", window_until=NOW + 5 * DAY, closed_at=NOW - 2 * DAY),
    "off-sale": [offer("off-sale", sale_until=NOW - 12 * DAY)],
}

moments = st.integers(-20, 3).map(lambda days: NOW + days * DAY)


@st.composite
def events(draw: st.DrawFn, product: str) -> Event:
    kind = draw(st.sampled_from([*EventKind, *_LIKELY]))
    named = draw(st.booleans()) or kind == EventKind.PAID
    return Event(
        key=draw(st.text("abcdefgh", min_size=3, max_size=6)),
        kind=kind,
        at=draw(moments),
        received_at=NOW,
        version=draw(st.none() | st.integers(1, 5)),
        workspace=draw(_mostly("w1", "w2", "unknown", "")),
        product=draw(_mostly(product, "yearly", "unknown", "")),
        amount=draw(st.sampled_from([500, 500, 500, 400, 7])) if named else None,
        currency=draw(_mostly("USD", "EUR")) if named else "",
        **draw(_of_kind(kind)),
    )


def _mostly(usual: str, *others: str) -> st.SearchStrategy[str]:
    return st.integers(0, 9).flatmap(lambda roll: st.sampled_from(others) if roll == 9 else st.just(usual))


def _of_kind(kind: EventKind) -> st.SearchStrategy[dict[str, Any]]:
    ids = st.sampled_from(["1", "2"])
    if kind == EventKind.REFUNDED:
        return st.fixed_dictionaries({"refund_id": ids, "refund_amount": st.sampled_from([1, 100, 250, 400, 500])})
    if kind == EventKind.DISPUTED:
        return st.fixed_dictionaries({"dispute_id": ids})
    if kind == EventKind.DISPUTE_CLOSED:
        return st.fixed_dictionaries({"dispute_id": ids, "outcome": st.sampled_from(["won", "won", "lost"])})
    if kind in {EventKind.RENEWED, EventKind.PAST_DUE, EventKind.CANCELLED, EventKind.PAID}:
        ends = st.integers(-15, 60).map(lambda days: NOW + days * DAY)
        return st.fixed_dictionaries({"period_end": ends if kind == EventKind.RENEWED else st.none() | ends})
    return st.just({})


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Of one order of any product, each event's key its own."""
    product = draw(st.sampled_from(sorted(PRODUCTS)))
    return draw(st.lists(events(product), max_size=9, unique_by=lambda event: event.key))
