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
from typing import Final

from dateutil.relativedelta import relativedelta

from tiers.order_events import Derived, Event, EventKind, Holds, Offer, OrderState, Outcome, Problem, Provider

__all__ = ["Derived", "Event", "EventKind", "Holds", "Offer", "OrderState", "Outcome", "Problem", "Provider", "derive"]

_PAYMENTS: Final = frozenset({EventKind.PAID, EventKind.RENEWED})
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
        """The event that says whose order of what this is: the earliest of its creation, else the earliest."""
        known = [e for e in self.events if e.workspace in self.workspaces and e.product in self.offers]
        return min(known, key=lambda e: (e.kind != EventKind.CREATED, e.at, e.key), default=None)

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

    def of(self, *kinds: EventKind) -> list[Event]:
        return [event for event in self.own if event.kind in kinds]

    # --- The offer, and the payments that fit it -----------------------------------------------------------

    def _offer_at(self, at: datetime) -> Offer | None:
        """The version on sale at that time; before the first was, the first: clocks differ, and its price binds."""
        versions = self.offers.get(self.reference.product, ()) if self.reference else ()
        for offer in reversed(versions):
            if offer.sale_from <= at:
                return offer if offer.sale_until is None or at < offer.sale_until else None
        return versions[0] if versions else None

    @cached_property
    def ordered_at(self) -> datetime | None:
        return min((event.happened_at for event in self.of(EventKind.CREATED)), default=None)

    def _judge(self, payment: Event) -> Offer | Problem:
        offer = self.quoted or self._offer_at(self.ordered_at or payment.happened_at)
        if offer is None:
            return Problem.NOT_ON_SALE
        if payment.currency != offer.currency:
            return Problem.CURRENCY_DIFFERS
        return offer if payment.amount == offer.amount else Problem.AMOUNT_DIFFERS

    @cached_property
    def judged(self) -> list[tuple[Event, Offer | Problem]]:
        return [(payment, self._judge(payment)) for payment in self.of(*_PAYMENTS)]

    @cached_property
    def payments(self) -> list[tuple[Event, Offer]]:
        """Those that fit, the earliest first."""
        fitting = [(payment, verdict) for payment, verdict in self.judged if isinstance(verdict, Offer)]
        return sorted(fitting, key=lambda pair: (pair[0].happened_at, pair[0].key))

    @cached_property
    def misfits(self) -> dict[str, Problem]:
        return {payment.key: verdict for payment, verdict in self.judged if isinstance(verdict, Problem)}

    # --- Money back -----------------------------------------------------------------------------------------

    @cached_property
    def refunded(self) -> int:
        """Refunds summed by their ids; of two amounts said of one refund, the larger."""
        refunds: dict[str, int] = {}
        for event in self.of(EventKind.REFUNDED):
            refunds[event.refund_id] = max(refunds.get(event.refund_id, 0), event.refund_amount or 0)
        return sum(refunds.values())

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
        if self.payments:
            return self._paid(*self.payments[0])
        offer = self.quoted or (self._offer_at(self.ordered_at) if self.ordered_at else self._offer_now())
        problem = min(self.misfits.values(), default=None)
        state = OrderState.UNFULFILLED if problem else self._unpaid_state()
        price = max((payment.amount or 0 for payment, _verdict in self.judged), default=offer.amount if offer else 0)
        if 0 < price <= self.refunded:
            state, problem = OrderState.REFUNDED, None
        elif problem and self.of(EventKind.CREDITED):
            problem = None
        return Derived(
            state=state,
            problem=problem,
            workspace=self.reference.workspace if self.reference else "",
            offer=offer,
            unsettled_since=self._unsettled_since(state),
            refunded=self.refunded,
            set_aside=self.set_aside,
        )

    @property
    def set_aside(self) -> dict[str, Problem]:
        return {**self.strangers, **self.misfits}

    def _offer_now(self) -> Offer | None:
        return self._offer_at(self.reference.happened_at) if self.reference else None

    def _unpaid_state(self) -> OrderState:
        kinds = {event.kind for event in self.own}
        return next((state for kind, state in _UNPAID if kind in kinds), OrderState.CREATED)

    def _unsettled_since(self, state: OrderState) -> datetime | None:
        if state not in {OrderState.CREATED, OrderState.PENDING}:
            return None
        begun = self.of(EventKind.CREATED, EventKind.PENDING)
        return min((event.happened_at for event in begun), default=None)

    def _paid(self, payment: Event, offer: Offer) -> Derived:
        settled_at = payment.happened_at
        ends_at = self._ends_at(offer, settled_at)
        common = {
            "workspace": self.reference.workspace if self.reference else "",
            "offer": offer,
            "settled_at": settled_at,
            "refunded": self.refunded,
            "set_aside": self.set_aside,
        }
        refunded = self.refunded >= offer.amount
        if offer.is_closed(settled_at):
            problem = None if refunded or self.of(EventKind.CREDITED) else Problem.WINDOW_ENDED
            state = OrderState.REFUNDED if refunded else OrderState.UNFULFILLED
            return Derived(state=state, problem=problem, **common)  # type: ignore[arg-type]
        return Derived(
            state=self._paid_state(offer, refunded, ends_at),
            holds=self._holds(offer, refunded),
            ends_at=ends_at,
            calls=self._calls(offer),
            **common,  # type: ignore[arg-type]
        )

    def _paid_state(self, offer: Offer, refunded: bool, ends_at: datetime | None) -> OrderState:
        if refunded:
            return OrderState.REFUNDED
        if "lost" in self.disputes:
            return OrderState.DISPUTE_LOST
        if "open" in self.disputes:
            return OrderState.DISPUTED
        if self.refunded:
            return OrderState.PARTLY_REFUNDED
        if self._recurs(offer):
            return OrderState.ENDED if ends_at is not None and ends_at <= self.now else self._status
        return OrderState.DISPUTE_WON if self.disputes else OrderState.PAID

    def _holds(self, offer: Offer, refunded: bool) -> Holds:
        if refunded or "lost" in self.disputes or (self.refunded and offer.partial_refund == "revoke"):
            return Holds.TAKEN
        return Holds.SUSPENDED if "open" in self.disputes else Holds.LIVE

    # --- Until when -----------------------------------------------------------------------------------------

    @cached_property
    def _period_end(self) -> datetime | None:
        return max((event.period_end for event in self.own if event.period_end), default=None)

    def _recurs(self, offer: Offer) -> bool:
        return bool(offer.interval) or self._period_end is not None

    @cached_property
    def _status(self) -> OrderState:
        """The subscription's status: that of the highest version; of one version, the latest and then the worst."""
        said = [event for event in self.own if event.kind in _STATUS and event.key not in self.misfits]
        last = max(said, key=lambda e: (e.version or 0, e.at, _SEVERITY.index(_STATUS[e.kind])))
        return _STATUS[last.kind]

    def _ends_at(self, offer: Offer, start: datetime) -> datetime | None:
        end = self._period_end
        if end is None and offer.interval:
            end = start + _INTERVALS[offer.interval]
        elif end is None and offer.lasts_days is not None:
            end = start + timedelta(days=offer.lasts_days)
        if end is None:
            return None
        if self._recurs(offer) and self._status is OrderState.PAST_DUE:
            end += timedelta(days=offer.grace_days)
        if offer.partial_refund == "prorate" and 0 < self.refunded < offer.amount:
            end = start + (end - start) * (offer.amount - self.refunded) / offer.amount
        # A grant has a length, however short: it keeps its row, and its history.
        return max(end, start + timedelta(microseconds=1))

    def _calls(self, offer: Offer) -> int | None:
        if offer.calls is None or offer.partial_refund != "prorate" or not 0 < self.refunded < offer.amount:
            return offer.calls
        return max(1, offer.calls * (offer.amount - self.refunded) // offer.amount)
