"""The sandbox's books: what happened to a payment, what may happen next, and writing that down.

What Trellis makes of it is not the sandbox's business: nothing here reads an order's state."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import clock
from accounts.errors import Conflict, Invalid
from accounts.ids import new_public_id
from tiers.models import Order, ProductVersion, SandboxMessage, SandboxPayment

LONGEST_WAIT: Final = 300
SETTLES_AFTER: Final = 20
LATE_BY: Final = 30
# How long a single message that is to come out of order waits for another to overtake it.
OVERTAKEN_WITHIN: Final = timedelta(seconds=30)
_PERIOD: Final = {"month": relativedelta(months=1), "year": relativedelta(years=1)}


class Step(models.TextChoices):
    """What a tester can make happen."""

    PAY = "pay", gettext_lazy("Pay now")
    PAY_LATE = "pay_late", gettext_lazy("Pay, and settle later")
    FAIL = "fail", gettext_lazy("Let the payment fail")
    CANCEL = "cancel", gettext_lazy("Cancel and go back")
    REFUND = "refund", gettext_lazy("Refund")
    DISPUTE = "dispute", gettext_lazy("Dispute the payment")
    WIN = "win", gettext_lazy("Close the dispute: won")
    LOSE = "lose", gettext_lazy("Close the dispute: lost")
    RENEW = "renew", gettext_lazy("Renew")
    FAIL_RENEWAL = "fail_renewal", gettext_lazy("Let the renewal fail")
    END = "end", gettext_lazy("Cancel the subscription")
    RESUME = "resume", gettext_lazy("Resume the subscription")


class Delivery(models.TextChoices):
    ONCE = "once", gettext_lazy("once")
    TWICE = "twice", gettext_lazy("twice")
    LATE = "late", gettext_lazy("late")
    SHUFFLED = "shuffled", gettext_lazy("out of order")
    LOST = "lost", gettext_lazy("never")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a step is to be done: the amount of a refund, when money settles, and how Trellis is told. Times in
    seconds."""

    amount: int | None = None
    settles_after: int = SETTLES_AFTER
    delivery: Delivery = Delivery.ONCE
    late_by: int = LATE_BY
    # The same key again changes nothing.
    key: str = ""


@dataclass(slots=True)
class Standing:
    """A payment as the provider sees it. `settles_at`: money that is on its way."""

    price: int
    interval: str
    paid_at: datetime | None = None
    settles_at: datetime | None = None
    cancelled: bool = False
    refunded: int = 0
    open_dispute: str = ""
    lost: bool = False
    period_end: datetime | None = None
    ended: bool = False
    said: list[str] = field(default_factory=list)

    @property
    def left(self) -> int:
        return 0 if self.lost else max(0, self.price - self.refunded)

    def possible(self) -> list[Step]:
        """In the order in which the page offers them."""
        if self.settles_at is not None or self.cancelled:
            return []
        if self.paid_at is None:
            return [Step.PAY, Step.PAY_LATE, Step.FAIL, Step.CANCEL]
        return [*self._of_money(), *self._of_subscription()]

    def _of_money(self) -> list[Step]:
        if self.open_dispute:
            return [Step.WIN, Step.LOSE]
        return [Step.REFUND, Step.DISPUTE] if self.left else []

    def _of_subscription(self) -> list[Step]:
        if not self.interval:
            return []
        if not self.left:
            return [] if self.ended else [Step.END]
        return [Step.RESUME] if self.ended else [Step.RENEW, Step.FAIL_RENEWAL, Step.END]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written: of what, when it happened, and what it says beside the order."""

    kind: str
    at: datetime
    more: dict[str, Any] = field(default_factory=dict)


def open_payment(order: Order, back: str) -> SandboxPayment:
    """The one of this order; where the buyer goes back to may have changed."""
    payment, is_new = SandboxPayment.objects.get_or_create(order=order, defaults={"back": back})
    if not is_new and back and payment.back != back:
        SandboxPayment.objects.filter(pk=payment.pk).update(back=back)
        payment.back = back
    return payment


def standing(payment: SandboxPayment, now: datetime) -> Standing:
    version = _version(payment)
    found = Standing(price=version.amount, interval=version.interval)
    for message in payment.messages.all():
        _read(found, message, now)
    return found


def _read(found: Standing, message: SandboxMessage, now: datetime) -> None:
    data = json.loads(message.body)["data"]
    if message.at > now:
        found.settles_at = message.at
        return
    found.said.append(message.kind)
    if message.kind == "order.paid":
        found.paid_at = message.at
        found.period_end = message.at + _PERIOD[found.interval] if found.interval else None
    elif message.kind == "order.cancelled":
        found.cancelled = True
    elif message.kind == "order.refunded":
        found.refunded += data["refund"]["amount"]
    elif message.kind in {"order.disputed", "order.dispute_closed"}:
        outcome = data["dispute"].get("outcome")
        found.open_dispute = "" if outcome else data["dispute"]["id"]
        found.lost = found.lost or outcome == "lost"
    elif message.kind.startswith("subscription."):
        found.ended = message.kind == "subscription.cancelled"
        if "period_end" in data:
            found.period_end = datetime.fromisoformat(data["period_end"])


def take_step(*, order: Order, step: Step, wish: Wish) -> list[SandboxMessage]:
    """Let it happen, and note the messages that tell of it. Raises Conflict where it cannot, as things stand."""
    with transaction.atomic():
        payment = SandboxPayment.objects.select_for_update(of=("self",)).get(order=order)
        if wish.key and payment.messages.filter(event_id=_event_id(wish.key)).exists():
            return []
        now = clock.now()
        found = standing(payment, now)
        if step not in found.possible():
            raise Conflict(_("That cannot happen to this payment as it stands now."))
        return _note(payment, _DRAFTS[step](payment, found, now, wish), now, wish)


def stay_silent(*, order: Order, seconds: int) -> None:
    """Answer nobody who asks, for so long; 0 ends it."""
    until = clock.now() + timedelta(seconds=min(max(seconds, 0), LONGEST_WAIT)) if seconds else None
    SandboxPayment.objects.filter(order=order).update(silent_until=until)


def known(payment: SandboxPayment, now: datetime) -> Iterator[SandboxMessage]:
    """What has happened by now, whether or not anybody was told."""
    return payment.messages.filter(at__lte=now).iterator()


# --- What a step writes ----------------------------------------------------------------------------------------


def _pay(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("order.pending", now), Draft("order.paid", now)]


def _pay_late(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    settles = now + timedelta(seconds=_wait(wish.settles_after, "settles_after"))
    return [Draft("order.pending", now), Draft("order.paid", settles)]


def _fail(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("order.pending", now), Draft("order.failed", now)]


def _cancel(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("order.cancelled", now)]


def _refund(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    amount = found.left if wish.amount is None else wish.amount
    if not 0 < amount <= found.left:
        raise Invalid(_("Give back more than nothing, and at most what was paid."), field="amount")
    return [Draft("order.refunded", now, {"refund": {"id": f"re_{new_public_id()}", "amount": amount}})]


def _dispute(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("order.disputed", now, {"dispute": {"id": f"dp_{new_public_id()}"}})]


def _win(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("order.dispute_closed", now, {"dispute": {"id": found.open_dispute, "outcome": "won"}})]


def _lose(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("order.dispute_closed", now, {"dispute": {"id": found.open_dispute, "outcome": "lost"}})]


def _renew(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    end = (found.period_end or now) + _PERIOD[found.interval]
    return [Draft("subscription.renewed", now, {"period_end": end.isoformat()})]


def _fail_renewal(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("subscription.past_due", now)]


def _end(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("subscription.cancelled", now)]


def _resume(payment: SandboxPayment, found: Standing, now: datetime, wish: Wish) -> list[Draft]:
    return [Draft("subscription.resumed", now)]


_DRAFTS: Final[dict[Step, Callable[[SandboxPayment, Standing, datetime, Wish], list[Draft]]]] = {
    Step.PAY: _pay,
    Step.PAY_LATE: _pay_late,
    Step.FAIL: _fail,
    Step.CANCEL: _cancel,
    Step.REFUND: _refund,
    Step.DISPUTE: _dispute,
    Step.WIN: _win,
    Step.LOSE: _lose,
    Step.RENEW: _renew,
    Step.FAIL_RENEWAL: _fail_renewal,
    Step.END: _end,
    Step.RESUME: _resume,
}


# --- The messages that tell of it ------------------------------------------------------------------------------


def _note(payment: SandboxPayment, drafts: list[Draft], now: datetime, wish: Wish) -> list[SandboxMessage]:
    number = payment.messages.count()
    last = max(draft.at for draft in drafts)
    held = payment.messages.filter(deliver_at__gt=now, at__lte=now, place__gt=0)
    messages = []
    for place, draft in enumerate(drafts, 1):
        key = wish.key if wish.key and place == len(drafts) else new_public_id()
        message = SandboxMessage(
            payment=payment,
            event_id=_event_id(key),
            kind=draft.kind,
            at=draft.at,
            body=_body(payment, draft, number + place),
        )
        _schedule(message, wish, place, len(drafts), now, max(last, now))
        messages.append(message)
    if wish.delivery is not Delivery.LOST:
        # What waited to be overtaken is delivered next after these.
        held.update(deliver_at=max(last, now), place=(held.aggregate(most=Max("place"))["most"] or 0) + len(drafts) + 1)
    SandboxMessage.objects.bulk_create(messages)
    return messages


def _schedule(message: SandboxMessage, wish: Wish, place: int, of: int, now: datetime, last: datetime) -> None:
    """When it is delivered, and in which place among those of one time."""
    message.times = 2 if wish.delivery is Delivery.TWICE else 1
    if wish.delivery is Delivery.LOST:
        message.deliver_at = None
    elif wish.delivery is Delivery.LATE:
        message.deliver_at = max(message.at, now) + timedelta(seconds=_wait(wish.late_by, "late_by"))
    elif wish.delivery is Delivery.SHUFFLED:
        message.deliver_at = last if of > 1 else last + OVERTAKEN_WITHIN
        message.place = of - place + 1
    else:
        message.deliver_at = max(message.at, now)


def _body(payment: SandboxPayment, draft: Draft, number: int) -> str:
    version, workspace = _version(payment), payment.order.workspace
    data = {
        "id": payment.order.reference,
        "version": number,
        "workspace": workspace.public_id if workspace else "",
        "product": version.product.slug,
        "amount": version.amount,
        "currency": version.currency,
        **draft.more,
    }
    return json.dumps({"type": draft.kind, "timestamp": draft.at.astimezone(UTC).isoformat(), "data": data})


def _version(payment: SandboxPayment) -> ProductVersion:
    version = payment.order.quoted
    if version is None:
        raise Conflict(_("This order was not begun at a checkout of ours."))
    return version


def _event_id(key: str) -> str:
    return f"msg_{key}"[:40]


def _wait(seconds: int, name: str) -> int:
    if not 1 <= seconds <= LONGEST_WAIT:
        raise Invalid(_("Wait 1 to 300 seconds."), field=name)
    return seconds
