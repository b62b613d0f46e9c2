"""What the buyer's pages of orders read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from accounts.models import Workspace
from tiers.models import EventKind, Grant, Holds, Order, OrderState, ProductVersion
from tiers.order_words import Told, told

MOST_COUNTED: Final = 100
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
    return list(Grant.objects.filter(order=order).select_related("tier", "model").order_by("pk"))


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
    """From the order's events: each payment once, each refund once, by its id. One query."""
    charges: list[tuple[datetime, int]] = []
    refunds: dict[str, tuple[datetime, int]] = {}
    currency = ""
    for event in order.events.order_by("at", "pk"):
        if event.kind in {EventKind.PAID, EventKind.RENEWED} and event.amount is not None:
            charges.append((event.at, event.amount))
            currency = currency or event.currency
        if event.kind == EventKind.REFUNDED and event.refund_amount is not None:
            before = refunds.get(event.refund_id, (event.at, 0))
            refunds[event.refund_id] = (before[0], max(before[1], event.refund_amount))
    offer = order.version or order.quoted
    return Money(charges, list(refunds.values()), currency or (offer.currency if offer else ""))
