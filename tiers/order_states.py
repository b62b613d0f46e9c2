"""An order's state and grant as a pure function of the set of its events: no database, no clock.

A late, repeated or shuffled message can never undo a later state, since nothing here asks in which order the events
came. Payments, refunds and disputes are looked for in the whole set; only the status of a subscription goes by the
provider's `version`. An event that names what is not so (another workspace, a wrong amount) is set aside: it grants
nothing, and staff are told.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from tiers.order_events import (
    LAST_END,
    Derived,
    Event,
    EventKind,
    Holds,
    Offer,
    OrderState,
    Outcome,
    Problem,
    Provider,
)

__all__ = ["Derived", "Event", "EventKind", "Holds", "Offer", "OrderState", "Outcome", "Problem", "Provider", "derive"]

_PAYMENTS: Final = frozenset({EventKind.PAID, EventKind.RENEWED})
_MONEY_BACK: Final = frozenset({EventKind.REFUNDED, EventKind.DISPUTED, EventKind.DISPUTE_CLOSED, EventKind.CREDITED})
_LARGEST: Final = 2**63 - 1
_MOST_DAYS: Final = 365_000
_MICROSECOND: Final = timedelta(microseconds=1)
_INTERVALS: Final = {"month": relativedelta(months=1), "year": relativedelta(years=1)}
# Unpaid, the first of these that is in the set is the state.
_UNPAID: Final = (
    (EventKind.CANCELLED, OrderState.CANCELLED),
    (EventKind.EXPIRED, OrderState.EXPIRED),
    (EventKind.FAILED, OrderState.FAILED),
    (EventKind.PENDING, OrderState.PENDING),
)
_STATUS: Final = {
    EventKind.PAID: OrderState.ACTIVE,
    EventKind.RENEWED: OrderState.ACTIVE,
    EventKind.RESUMED: OrderState.ACTIVE,
    EventKind.PAST_DUE: OrderState.PAST_DUE,
    EventKind.CANCELLED: OrderState.CANCELLED,
}
_SEVERITY: Final = (OrderState.ACTIVE, OrderState.PAST_DUE, OrderState.CANCELLED)


def derive(
    events: Iterable[Event],
    *,
    now: datetime,
    offers: Mapping[str, Sequence[Offer]],
    workspaces: Collection[str],
    quoted: Offer | None = None,
) -> Derived:
    """What the set of events comes to. `offers`: the versions of each product that an event names, oldest first;
    `workspaces`: those named that exist; `quoted`: the offer that our own checkout showed, which binds us.

    `now` decides but one thing: whether a subscription whose end has passed is called ended."""
    return _History(frozenset(events), now, offers, workspaces, quoted).derived()


@dataclass(frozen=True)
class _History:
    events: frozenset[Event]
    now: datetime
    offers: Mapping[str, Sequence[Offer]]
    workspaces: Collection[str]
    quoted: Offer | None

    # --- Which order it is, and which events are of it -----------------------------------------------------

    @cached_property
    def reference(self) -> Event | None:
        """The event that says whose order of what this is: the earliest of its creation, else the earliest payment,
        else the earliest. One that names a price which its product never had says it only where no other does."""
        known = [e for e in self.events if e.workspace in self.workspaces and e.product in self.offers]
        rank = {EventKind.CREATED: 0, EventKind.PAID: 1}
        return min(known, key=lambda e: (not self._has_a_price(e), rank.get(e.kind, 2), e.at, e.key), default=None)

    def _has_a_price(self, event: Event) -> bool:
        offers = [self.quoted] if self.quoted else self.offers[event.product]
        return any((event.amount, event.currency) == (offer.amount, offer.currency) for offer in offers)

    @cached_property
    def strangers(self) -> dict[str, Problem]:
        """Events that name what does not exist, or is not this order's."""
        return {event.key: problem for event in self.events if (problem := self._stranger(event))}

    def _stranger(self, event: Event) -> Problem | None:
        if event.workspace and event.workspace not in self.workspaces:
            return Problem.UNKNOWN_WORKSPACE
        if event.product and event.product not in self.offers:
            return Problem.UNKNOWN_PRODUCT
        if self.reference is None:
            if event.kind not in _PAYMENTS:
                return None
            return Problem.UNKNOWN_PRODUCT if event.workspace else Problem.UNKNOWN_WORKSPACE
        if event.workspace and event.workspace != self.reference.workspace:
            return Problem.OTHER_WORKSPACE
        if event.product and event.product != self.reference.product:
            return Problem.OTHER_PRODUCT
        return None

    @cached_property
    def own(self) -> list[Event]:
        return [event for event in self.events if event.key not in self.strangers]

    @cached_property
    def sound(self) -> list[Event]:
        """Those that name nothing wrong: all that follows rests on them alone."""
        return [event for event in self.own if event.key not in self.misfits]

    def of(self, *kinds: EventKind) -> list[Event]:
        return [event for event in self.sound if event.kind in kinds]

    # --- The offer, and the events that fit it -------------------------------------------------------------

    def _offer_at(self, at: datetime) -> Offer | None:
        """The version on sale at that time; before the first was, the first: clocks differ, and its price binds."""
        versions = self.offers.get(self.reference.product, ()) if self.reference else ()
        for offer in reversed(versions):
            if offer.sale_from <= at:
                return offer if offer.sale_until is None or at < offer.sale_until else None
        return versions[0] if versions else None

    @cached_property
    def ordered_at(self) -> datetime | None:
        """When it was ordered, whatever amount that message names."""
        return min((event.happened_at for event in self.own if event.kind == EventKind.CREATED), default=None)

    def _offer_of(self, event: Event) -> Offer | None:
        """The offer that an event is judged by. A subscription keeps the one that it began with."""
        if self.quoted is not None or self.ordered_at is not None:
            return self.quoted or self._offer_at(self.ordered_at or event.happened_at)
        if event.kind != EventKind.PAID and self.purchase is not None:
            return self.purchase[1]
        return self._offer_at(event.happened_at)

    def _misfit(self, event: Event, offer: Offer | None) -> Problem | None:
        """A payment has to name the price, and a renewal that stands alone. What others name has to be right."""
        strict = event.kind == EventKind.PAID or (event.kind == EventKind.RENEWED and self.purchase is None)
        if not strict and event.amount is None and not event.currency:
            return None
        if offer is None:
            return Problem.NOT_ON_SALE if event.kind in _PAYMENTS else None
        if event.currency != offer.currency and (strict or event.currency):
            return Problem.CURRENCY_DIFFERS
        if event.amount != offer.amount and (strict or event.amount is not None):
            return Problem.AMOUNT_DIFFERS
        return None

    @cached_property
    def purchase(self) -> tuple[Event, Offer] | None:
        """The earliest payment that fits its offer."""
        paid = [event for event in self.own if event.kind == EventKind.PAID]
        judged = [(event, self._offer_of(event)) for event in paid]
        fitting = [(event, offer) for event, offer in judged if offer and not self._misfit(event, offer)]
        return min(fitting, key=lambda pair: (pair[0].happened_at, pair[0].key), default=None)

    @cached_property
    def payment(self) -> tuple[Event, Offer] | None:
        """The purchase; where that message is not here (yet), the earliest renewal that names the price: money came."""
        judged = [(event, offer) for event in self.of(EventKind.RENEWED) if (offer := self._offer_of(event))]
        return self.purchase or min(judged, key=lambda pair: (pair[0].happened_at, pair[0].key), default=None)

    @cached_property
    def misfits(self) -> dict[str, Problem]:
        """Events that name a wrong price. Where none was taken, there is nothing to judge money back by."""
        judged = [event for event in self.own if self.purchase is not None or event.kind not in _MONEY_BACK]
        return {event.key: problem for event in judged if (problem := self._misfit(event, self._offer_of(event)))}

    # --- Money back -----------------------------------------------------------------------------------------

    @cached_property
    def refunded(self) -> int:
        """Refunds summed by their ids; of two amounts said of one refund, the larger."""
        refunds: dict[str, int] = {}
        for event in self.of(EventKind.REFUNDED):
            refunds[event.refund_id] = max(refunds.get(event.refund_id, 0), event.refund_amount or 0)
        return min(sum(refunds.values()), _LARGEST)

    @cached_property
    def disputes(self) -> set[str]:
        """How each dispute stands: open, won or lost. What was lost once stays so."""
        found: dict[str, str] = {}
        for event in self.of(EventKind.DISPUTED, EventKind.DISPUTE_CLOSED):
            said = event.outcome if event.kind == EventKind.DISPUTE_CLOSED else "open"
            found[event.dispute_id] = max(found.get(event.dispute_id, ""), said, key=("", "open", "won", "lost").index)
        return set(found.values())

    # --- What it comes to -----------------------------------------------------------------------------------

    def derived(self) -> Derived:
        if self.payment is not None:
            return self._paid(*self.payment)
        offer = self.quoted or (self._offer_at(self.ordered_at) if self.ordered_at else self._offer_now())
        received = [event for event in self.own if event.kind in _PAYMENTS and event.key in self.misfits]
        if received:
            price = max(event.amount or 0 for event in received)
            return self._unfulfilled(min(self.misfits[event.key] for event in received), price, offer)
        state = self._unpaid_state()
        if offer is not None and offer.amount <= self.refunded:
            state = OrderState.REFUNDED
        return Derived(state=state, offer=offer, unsettled_since=self._unsettled_since(state), **self._common)

    @property
    def _common(self) -> dict[str, Any]:
        workspace = self.reference.workspace if self.reference else ""
        return {"workspace": workspace, "refunded": self.refunded, "set_aside": self.set_aside}

    def _unfulfilled(self, problem: Problem, price: int, offer: Offer | None, at: datetime | None = None) -> Derived:
        """Money came and gives nothing: a person must see to it, until it is given back or credited."""
        refunded = 0 < price <= self.refunded
        lost = "lost" in self.disputes
        over = refunded or lost or bool(self.of(EventKind.CREDITED))
        state = OrderState.DISPUTE_LOST if lost else OrderState.UNFULFILLED
        return Derived(
            state=OrderState.REFUNDED if refunded else state,
            problem=None if over else problem,
            offer=offer,
            # Nothing came that fits: whoever waits for the order waits on, and is not asked to pay again.
            unsettled_since=self._unsettled_since(OrderState.PENDING) if at is None and not over else None,
            settled_at=at,
            **self._common,
        )

    @property
    def set_aside(self) -> dict[str, Problem]:
        return {**self.strangers, **self.misfits}

    def _offer_now(self) -> Offer | None:
        return self._offer_at(self.reference.happened_at) if self.reference else None

    def _unpaid_state(self) -> OrderState:
        kinds = {event.kind for event in self.sound}
        return next((state for kind, state in _UNPAID if kind in kinds), OrderState.CREATED)

    def _unsettled_since(self, state: OrderState) -> datetime | None:
        if state not in {OrderState.CREATED, OrderState.PENDING}:
            return None
        begun = self.of(EventKind.CREATED, EventKind.PENDING)
        return min((event.happened_at for event in begun), default=None)

    def _paid(self, payment: Event, offer: Offer) -> Derived:
        settled_at = payment.happened_at
        if offer.is_closed(settled_at):
            return self._unfulfilled(Problem.WINDOW_ENDED, offer.amount, offer, settled_at)
        ends_at = self._ends_at(offer, settled_at)
        refunded = self.refunded >= offer.amount
        return Derived(
            state=self._paid_state(offer, refunded, ends_at),
            holds=self._holds(offer, refunded),
            offer=offer,
            settled_at=settled_at,
            ends_at=ends_at,
            calls=self._calls(offer),
            **self._common,
        )

    def _paid_state(self, offer: Offer, refunded: bool, ends_at: datetime | None) -> OrderState:
        if refunded:
            return OrderState.REFUNDED
        if "lost" in self.disputes:
            return OrderState.DISPUTE_LOST
        if "open" in self.disputes:
            return OrderState.DISPUTED
        status = self._status_at(ends_at) if self._recurs(offer) else OrderState.ACTIVE
        if status is not OrderState.ACTIVE and self._holds(offer, refunded) is not Holds.TAKEN:
            return status
        if self.refunded:
            return OrderState.PARTLY_REFUNDED
        if self._recurs(offer):
            return status
        return OrderState.DISPUTE_WON if self.disputes else OrderState.PAID

    def _status_at(self, ends_at: datetime | None) -> OrderState:
        return OrderState.ENDED if ends_at is not None and ends_at <= self.now else self._status

    def _holds(self, offer: Offer, refunded: bool) -> Holds:
        if refunded or "lost" in self.disputes or (self.refunded and offer.partial_refund == "revoke"):
            return Holds.TAKEN
        return Holds.SUSPENDED if "open" in self.disputes else Holds.LIVE

    # --- Until when -----------------------------------------------------------------------------------------

    @cached_property
    def _period_ends(self) -> set[datetime | None]:
        """Of the periods that were paid for; a first payment may leave its end to the offer."""
        return {event.period_end for event in self.of(*_PAYMENTS)}

    @cached_property
    def _period_end(self) -> datetime | None:
        """What a message says of a period that nobody paid for extends nothing."""
        latest = max((end for end in self._period_ends if end is not None), default=None)
        return latest and min(latest, LAST_END)

    def _recurs(self, offer: Offer) -> bool:
        return bool(offer.interval) or self._period_end is not None

    @cached_property
    def _status(self) -> OrderState:
        """The subscription's status: that of the highest version; of one version, the latest and then the worst."""
        said = self.of(*_STATUS)
        last = max(said, key=lambda e: (e.version or 0, e.at, _SEVERITY.index(_STATUS[e.kind])))
        return _STATUS[last.kind]

    def _ends_at(self, offer: Offer, start: datetime) -> datetime | None:
        end = self._period_end
        if end is None and offer.interval:
            end = start + _INTERVALS[offer.interval]
        elif end is None and offer.lasts_days is not None:
            end = min(start + timedelta(days=min(offer.lasts_days, _MOST_DAYS)), LAST_END)
        if end is None:
            return None
        if self._is_prorated(offer):
            end = start + timedelta(microseconds=self._share((end - start) // _MICROSECOND, offer))
        if self._recurs(offer) and self._status is OrderState.PAST_DUE:
            end += timedelta(days=offer.grace_days)
        # A grant has a length, however short: it keeps its row, and its history.
        return max(end, start + _MICROSECOND)

    def _is_prorated(self, offer: Offer) -> bool:
        return offer.partial_refund == "prorate" and 0 < self.refunded < offer.amount

    def _share(self, whole: int, offer: Offer) -> int:
        """What is left of it, by the money that stays with us: of a subscription, that of all its periods."""
        paid = offer.amount * max(1, len(self._period_ends))
        return whole * (paid - self.refunded) // paid

    def _calls(self, offer: Offer) -> int | None:
        if offer.calls is None or not self._is_prorated(offer):
            return offer.calls
        return max(1, self._share(offer.calls, offer))
