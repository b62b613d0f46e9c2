"""What the buyer's pages of orders read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, Q, QuerySet

from accounts.models import Workspace
from tiers.models import EventKind, Grant, Holds, Order, OrderEvent, OrderState, ProductVersion
from tiers.order_words import Told, told
from tiers.selectors.packs import with_calls_left

MOST_COUNTED: Final = 100
_PAYMENTS: Final = frozenset({EventKind.PAID, EventKind.RENEWED})
ALL, ACTIVE, ATTENTION = "all", "active", "attention"
TABS: Final = (ALL, ACTIVE, ATTENTION)
# Something is owed, by the buyer or to them.
NEEDS_ATTENTION: Final = (
    OrderState.CREATED,
    OrderState.PENDING,
    OrderState.PAST_DUE,
    OrderState.UNFULFILLED,
    OrderState.DISPUTED,
)
_SAY_STATUS: Final = (
    EventKind.PAID,
    EventKind.RENEWED,
    EventKind.RESUMED,
    EventKind.PAST_DUE,
    EventKind.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Row:
    """An order in a list. `offer` is what it is of, None while no event named a product of ours."""

    order: Order
    told: Told
    now: datetime

    @property
    def offer(self) -> ProductVersion | None:
        return self.order.version or self.order.quoted

    @property
    def over(self) -> bool:
        return self.order.ends_at is not None and self.order.ends_at <= self.now


def joined() -> QuerySet[Order]:
    return Order.objects.select_related(
        "workspace",
        "created_by",
        "version__product",
        "version__tier",
        "version__model",
        "quoted__product",
        "quoted__tier",
        "quoted__model",
    )


def orders(workspace: Workspace, tab: str, now: datetime) -> QuerySet[Order]:
    return joined().filter(in_tab(tab, now), workspace=workspace)


def in_tab(tab: str, now: datetime) -> Q:
    if tab == ACTIVE:
        return Q(holds=Holds.LIVE) & (Q(ends_at=None) | Q(ends_at__gt=now))
    if tab == ATTENTION:
        return Q(state__in=NEEDS_ATTENTION)
    return Q()


def row(order: Order, now: datetime) -> Row:
    return Row(order, told(order, now), now)


def counts(workspace: Workspace, now: datetime) -> dict[str, int]:
    """How many each tab but the first holds, never counting on past a hundred. Two queries."""
    own = Order.objects.filter(workspace=workspace)
    return {tab: own.filter(in_tab(tab, now))[:MOST_COUNTED].count() for tab in (ACTIVE, ATTENTION)}


def needs_attention(workspace: Workspace) -> QuerySet[Order]:
    return joined().filter(workspace=workspace, state__in=NEEDS_ATTENTION)


def grants_of(order: Order) -> list[Grant]:
    found = Grant.objects.filter(order=order).select_related("tier", "model")
    return list(with_calls_left(found).order_by("pk"))


def ends_with_its_period(order: Order) -> bool:
    """Whether the last that was said of a subscription's status is that it was cancelled. One query."""
    said = order.events.filter(kind__in=_SAY_STATUS).order_by(F("version").desc(nulls_last=True), "-at", "-pk")
    return said.values_list("kind", flat=True).first() == EventKind.CANCELLED


@dataclass(frozen=True, slots=True)
class Money:
    """What moved, in minor units of one currency. `charges` and `refunds`: when, and how much."""

    charges: list[tuple[datetime, int]]
    refunds: list[tuple[datetime, int]]
    currency: str

    @property
    def paid(self) -> int:
        return sum(amount for _at, amount in self.charges)

    @property
    def refunded(self) -> int:
        return sum(amount for _at, amount in self.refunds)

    @property
    def kept(self) -> int:
        return self.paid - self.refunded


def money(order: Order) -> Money:
    """From the order's events, without those that are set aside. One payment is often told twice: the purchase counts
    once, a renewal once a period, a refund once by its id. Where no payment fits, the largest that came is what is
    owed back."""
    offer = order.version or order.quoted
    told = [event for event in order.events.order_by("at", "pk") if _is_of(event, order, offer)]
    received = [event for event in told if event.kind in _PAYMENTS and event.amount is not None]
    paid = [event for event in received if offer is not None and _fits(event, offer)]
    if paid and offer is not None:
        told = [event for event in told if _fits(event, offer)]
    elif received:
        paid = [max(received, key=lambda event: event.amount or 0)]
    currency = paid[0].currency if paid else ""
    return Money(_charges(paid), _refunds(told), currency or (offer.currency if offer else ""))


def _is_of(event: OrderEvent, order: Order, offer: ProductVersion | None) -> bool:
    workspace = order.workspace.public_id if order.workspace else event.workspace
    return event.workspace in {"", workspace} and event.product in {"", offer.product.slug if offer else event.product}


def _fits(event: OrderEvent, offer: ProductVersion) -> bool:
    return event.amount in {None, offer.amount} and event.currency in {"", offer.currency}


def _charges(paid: list[OrderEvent]) -> list[tuple[datetime, int]]:
    """The first message of the purchase, and of each period after it."""
    found: dict[object, tuple[datetime, int]] = {}
    for event in paid:
        period = event.period_end or event.key
        found.setdefault(EventKind.PAID if event.kind == EventKind.PAID else period, (event.at, event.amount or 0))
    return list(found.values())


def _refunds(told: list[OrderEvent]) -> list[tuple[datetime, int]]:
    found: dict[str, tuple[datetime, int]] = {}
    for event in told:
        if event.kind == EventKind.REFUNDED and event.refund_amount is not None:
            before = found.get(event.refund_id, (event.at, 0))
            found[event.refund_id] = (before[0], max(before[1], event.refund_amount))
    return list(found.values())
