"""What is said of an order: its events, the offers that they are judged by, and what they come to. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.clock import LAST_DAY

# What is reckoned from a later end would leave the calendar.
LAST_END: Final = datetime.combine(LAST_DAY, time.min, UTC)


class Provider(TextChoices):
    STRIPE = "stripe", "Stripe"
    STANDARD = "standard", "Standard Webhooks"
    SANDBOX = "sandbox", _("sandbox")
    MANUAL = "manual", _("recorded by staff")


class EventKind(TextChoices):
    CREATED = "created", _("ordered")
    PENDING = "pending", _("payment under way")
    PAID = "paid", _("paid")
    FAILED = "failed", _("payment failed")
    EXPIRED = "expired", _("checkout expired")
    CANCELLED = "cancelled", _("cancelled")
    REFUNDED = "refunded", _("refunded")
    DISPUTED = "disputed", _("disputed")
    DISPUTE_CLOSED = "dispute_closed", _("dispute closed")
    RENEWED = "renewed", _("renewed")
    PAST_DUE = "past_due", _("renewal failed")
    RESUMED = "resumed", _("resumed")
    CREDITED = "credited", _("credited")


class Outcome(TextChoices):
    WON = "won", _("won")
    LOST = "lost", _("lost")


class OrderState(TextChoices):
    CREATED = "created", _("created")
    PENDING = "pending", _("payment pending")
    FAILED = "failed", _("failed")
    EXPIRED = "expired", _("expired")
    CANCELLED = "cancelled", _("cancelled")
    PAID = "paid", _("paid")
    ACTIVE = "active", pgettext_lazy("order", "active")
    PAST_DUE = "past_due", _("past due")
    ENDED = "ended", _("ended")
    UNFULFILLED = "unfulfilled", _("unfulfilled")
    PARTLY_REFUNDED = "partly_refunded", _("partly refunded")
    REFUNDED = "refunded", _("refunded")
    DISPUTED = "disputed", _("disputed")
    DISPUTE_WON = "dispute_won", _("dispute won")
    DISPUTE_LOST = "dispute_lost", _("dispute lost")


class Holds(TextChoices):
    """What the order's one grant is: none, open, suspended by a dispute, or taken back."""

    NOTHING = "nothing", _("nothing")
    LIVE = "live", _("live")
    SUSPENDED = "suspended", _("suspended")
    TAKEN = "taken", _("taken back")


# What an order may hold in each state; the database takes no other pair.
HELD: Final[dict[OrderState, tuple[Holds, ...]]] = {
    OrderState.CREATED: (Holds.NOTHING,),
    OrderState.PENDING: (Holds.NOTHING,),
    OrderState.FAILED: (Holds.NOTHING,),
    OrderState.EXPIRED: (Holds.NOTHING,),
    OrderState.CANCELLED: (Holds.NOTHING, Holds.LIVE),
    OrderState.PAID: (Holds.LIVE,),
    OrderState.ACTIVE: (Holds.LIVE,),
    OrderState.PAST_DUE: (Holds.LIVE,),
    OrderState.ENDED: (Holds.LIVE,),
    OrderState.UNFULFILLED: (Holds.NOTHING,),
    OrderState.PARTLY_REFUNDED: (Holds.LIVE, Holds.TAKEN),
    OrderState.REFUNDED: (Holds.NOTHING, Holds.TAKEN),
    OrderState.DISPUTED: (Holds.SUSPENDED, Holds.TAKEN),
    OrderState.DISPUTE_WON: (Holds.LIVE,),
    OrderState.DISPUTE_LOST: (Holds.NOTHING, Holds.TAKEN),
}


class Problem(TextChoices):
    """Why an event is set aside, or money that was received gives nothing."""

    UNKNOWN_WORKSPACE = "unknown_workspace", _("names a workspace that does not exist")
    UNKNOWN_PRODUCT = "unknown_product", _("names a product that does not exist")
    OTHER_WORKSPACE = "other_workspace", _("names another workspace than the order's")
    OTHER_PRODUCT = "other_product", _("names another product than the order's")
    NOT_ON_SALE = "not_on_sale", _("the product was not on sale")
    AMOUNT_DIFFERS = "amount_differs", _("the amount differs from the price")
    CURRENCY_DIFFERS = "currency_differs", _("the currency differs from the price")
    WINDOW_ENDED = "window_ended", _("early access had ended")


@dataclass(frozen=True, slots=True)
class Event:
    """One member of the set. `at` is the provider's time, `received_at` ours. `workspace` and `product` as named,
    perhaps not at all. Amounts in minor units; `currency` in upper case."""

    key: str
    kind: EventKind
    at: datetime
    received_at: datetime
    version: int | None = None
    workspace: str = ""
    product: str = ""
    amount: int | None = None
    currency: str = ""
    refund_id: str = ""
    refund_amount: int | None = None
    dispute_id: str = ""
    outcome: str = ""
    period_end: datetime | None = None

    @property
    def happened_at(self) -> datetime:
        """Never later than we heard of it: a provider's clock that is fast opens nothing in the future."""
        return min(self.at, self.received_at)


@dataclass(frozen=True, slots=True)
class Offer:
    """One product version. `closed_at`: when the goal was reached that ends the early-access window sooner;
    `awaits_goal`: there is one, not reached yet."""

    id: int
    product: str
    kind: str
    amount: int
    currency: str
    sale_from: datetime
    sale_until: datetime | None = None
    interval: str = ""
    lasts_days: int | None = None
    grace_days: int = 7
    partial_refund: str = "keep"
    calls: int | None = None
    window_until: datetime | None = None
    closed_at: datetime | None = None
    awaits_goal: bool = False

    def is_closed(self, at: datetime) -> bool:
        """Whether the early access that it sells is over."""
        return any(end is not None and end <= at for end in (self.window_until, self.closed_at))


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows. `starts_at`, `ends_at` and `calls` are the grant's; `set_aside` says of each such event why."""

    state: OrderState
    holds: Holds = Holds.NOTHING
    problem: Problem | None = None
    workspace: str = ""
    offer: Offer | None = None
    unsettled_since: datetime | None = None
    settled_at: datetime | None = None
    ends_at: datetime | None = None
    calls: int | None = None
    refunded: int = 0
    set_aside: Mapping[str, Problem] = field(default_factory=dict)
