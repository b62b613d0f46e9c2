"""What the contract says of an order's events, written down as plainly as it is said, and not from our code.

"An order's state is a pure function of the set of its events: paid or not, refunds summed by id, disputes by id, the
latest period end; version orders only subscription status. Any paid beats pending, failed, expired. Refunds that reach
the amount revoke; a partial refund keeps the grant unless the product says revoke or prorate. An open dispute suspends,
won restores, lost revokes. A grant runs from min(timestamp, now). The amount is checked against the product version on
sale when the order was created (absent: at timestamp). An event that names an unknown workspace or product, or a wrong
amount or currency, … grants nothing and raises an alarm for staff."
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from tiers.order_states import Event, Offer

MONEY_IN, MONEY_BACK = {"paid", "renewed"}, {"refunded", "disputed", "dispute_closed"}
STATUS = {"paid": "active", "renewed": "active", "resumed": "active", "past_due": "past_due", "cancelled": "cancelled"}
Priced = tuple[Event, Offer]


@dataclass(frozen=True)
class Verdict:
    """`grant`: "" (none), "live", "suspended" or "taken". `aside`: keys of the events that staff are told of."""

    grant: str = ""
    workspace: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    calls: int | None = None
    refunded: int = 0
    unfulfilled: bool = False
    aside: frozenset[str] = frozenset()


def judge(events: Iterable[Event], products: dict[str, list[Offer]], workspaces: set[str]) -> Verdict:
    every = list({event.key: event for event in events}.values())
    whole = [event for event in every if event.workspace in workspaces and event.product in products]
    if not whole:
        unknown = [
            event
            for event in every
            if event.workspace not in {"", *workspaces}
            or event.product not in {"", *products}
            or event.kind in MONEY_IN
        ]
        return Verdict(
            refunded=_refunded([event for event in every if event not in unknown]),
            aside=frozenset(event.key for event in unknown),
        )
    first = _speaks_for_the_order(whole, products)
    ours = [e for e in every if e.workspace in {"", first.workspace} and e.product in {"", first.product}]
    strange = {event.key for event in every if event not in ours}
    return _of_one_purchase(ours, products[first.product], first.workspace, strange)


def _speaks_for_the_order(whole: list[Event], products: dict[str, list[Offer]]) -> Event:
    """An event with a wrong amount must not take what a right one gave, so it says whose order it is only alone."""
    priced = [e for e in whole if (e.amount, e.currency) in {(o.amount, o.currency) for o in products[e.product]}]
    for kinds in ({"created"}, {"paid"}, {event.kind for event in whole}):
        told = [event for event in priced or whole if event.kind in kinds]
        if told:
            break
    return sorted(told, key=lambda event: (event.at, event.key))[0]


def _of_one_purchase(ours: list[Event], versions: list[Offer], workspace: str, strange: set[str]) -> Verdict:
    ordered_at = min((_heard(event) for event in ours if event.kind == "created"), default=None)

    def offer_at(event: Event) -> Offer | None:
        return _on_sale(versions, ordered_at or _heard(event))

    paid = _earliest([(event, offer_at(event)) for event in ours if event.kind == "paid"])
    good, wrong = [], set(strange)
    for event in ours:
        offer = paid[1] if paid and event.kind != "paid" else offer_at(event)
        has_to_name = event.kind == "paid" or (event.kind == "renewed" and not paid)
        if (event.kind in MONEY_BACK and not paid) or _is_right(event, offer, has_to_name):
            good.append(event)
        else:
            wrong.add(event.key)
    paid = paid or _earliest([(event, offer_at(event)) for event in good if event.kind == "renewed"])
    refunded, aside = _refunded(good), frozenset(wrong)
    if paid is not None:
        return _granted(good, paid, Verdict(workspace=workspace, refunded=refunded, aside=aside))
    received = [event.amount or 0 for event in ours if event.kind in MONEY_IN]
    is_back = (received and 0 < max(received) <= refunded) or "lost" in _disputes(good).values()
    return Verdict(workspace=workspace, refunded=refunded, aside=aside, unfulfilled=bool(received) and not is_back)


def _granted(good: list[Event], paid: Priced, so_far: Verdict) -> Verdict:
    payment, offer = paid
    start = _heard(payment)
    ends, refunded, disputes = [offer.window_until, offer.closed_at], so_far.refunded, _disputes(good).values()
    if any(end is not None and end <= start for end in ends):
        over = refunded >= offer.amount or "lost" in disputes
        return Verdict(workspace=so_far.workspace, refunded=refunded, aside=so_far.aside, unfulfilled=not over)
    grant = "suspended" if "open" in disputes else "live"
    if "lost" in disputes or refunded >= offer.amount or (refunded and offer.partial_refund == "revoke"):
        grant = "taken"
    periods = {event.period_end for event in good if event.kind in MONEY_IN}
    part = Fraction(1)
    if offer.partial_refund == "prorate" and 0 < refunded < offer.amount:
        part = 1 - Fraction(refunded, offer.amount * len(periods))
    return Verdict(
        grant=grant,
        workspace=so_far.workspace,
        starts_at=start,
        ends_at=_ends_at(good, offer, start, {end for end in periods if end}, part),
        calls=offer.calls if offer.calls is None else max(1, int(offer.calls * part)),
        refunded=refunded,
        aside=so_far.aside,
    )


def _ends_at(
    good: list[Event], offer: Offer, start: datetime, periods: set[datetime], part: Fraction
) -> datetime | None:
    if periods:
        end = max(periods)
    elif offer.interval:
        end = start + (relativedelta(years=1) if offer.interval == "year" else relativedelta(months=1))
    elif offer.lasts_days is not None:
        end = start + timedelta(days=offer.lasts_days)
    else:
        return None
    if part != 1:
        seconds = Fraction((end - start) // timedelta(microseconds=1), 1_000_000) * part
        end = start + timedelta(microseconds=int(seconds * 1_000_000 // 1))
    if (periods or offer.interval) and _status(good) == "past_due":
        end += timedelta(days=offer.grace_days)
    return max(end, start + timedelta(microseconds=1))


def _status(good: list[Event]) -> str:
    worst = ["active", "past_due", "cancelled"]
    told = [(event.version or 0, event.at, worst.index(STATUS[event.kind])) for event in good if event.kind in STATUS]
    return worst[max(told)[2]]


def _heard(event: Event) -> datetime:
    return event.at if event.at < event.received_at else event.received_at


def _on_sale(versions: Sequence[Offer], at: datetime) -> Offer | None:
    """The newest that had begun; to a clock that is before all of them, the first."""
    newest = [versions[0], *(offer for offer in versions if offer.sale_from <= at)][-1]
    ended = newest.sale_from <= at and newest.sale_until is not None and newest.sale_until <= at
    return None if ended else newest


def _earliest(payments: list[tuple[Event, Offer | None]]) -> Priced | None:
    right = [(event, offer) for event, offer in payments if offer and _is_right(event, offer, has_to_name=True)]
    return sorted(right, key=lambda pair: (_heard(pair[0]), pair[0].key))[0] if right else None


def _is_right(event: Event, offer: Offer | None, has_to_name: bool) -> bool:
    if has_to_name:
        return offer is not None and (event.amount, event.currency) == (offer.amount, offer.currency)
    return offer is None or (event.amount in {None, offer.amount} and event.currency in {"", offer.currency})


def _refunded(events: list[Event]) -> int:
    by_id: dict[str, int] = {}
    for event in events:
        if event.kind == "refunded":
            by_id[event.refund_id] = max(by_id.get(event.refund_id, 0), event.refund_amount or 0)
    return sum(by_id.values())


def _disputes(events: list[Event]) -> dict[str, str]:
    """How each stands. Closed beats open, and of two outcomes of one dispute, lost."""
    by_id: dict[str, set[str]] = {}
    for event in events:
        if event.kind in {"disputed", "dispute_closed"}:
            by_id.setdefault(event.dispute_id, set()).add(event.outcome or "open")
    return {name: next(o for o in ("lost", "won", "open") if o in said) for name, said in by_id.items()}
