"""The sandbox, as Trellis sees it: a provider that speaks the order payload, can be asked, and exists in a demo alone.

Its books are in `tiers/sandbox/`. They happen to be in the same database, so asking it is a query where another
provider's is a call."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.urls import reverse

from accounts import clock
from accounts.deferred import after_commit
from accounts.errors import Conflict, Invalid
from tiers.models import Order, Provider, ProviderEvent, SandboxMessage, SandboxPayment
from tiers.order_states import Event
from tiers.payments import order_payload, standard
from tiers.payments.interface import BadSignature, NotPossible, ProviderAway, Received
from tiers.sandbox import ledger, signing
from tiers.sandbox.tasks import send_sandbox_messages

ASKS: Final = False


def is_on() -> bool:
    return bool(settings.DEMO)


def sells(order: Order) -> bool:
    """Whatever there is."""
    return is_on() and order.quoted_id is not None


def receive(headers: Mapping[str, str], body: bytes, source: str) -> Received:
    if not is_on():
        raise BadSignature
    return standard.received(headers, body, signing.secrets())


def events(stored: ProviderEvent) -> list[Event]:
    return order_payload.events(stored)


def locate(stored: ProviderEvent) -> str:
    return ""


def fetch(order: Order) -> list[Event]:
    """All that its books say by now, under the ids of the messages that tell of it."""
    payment = SandboxPayment.objects.filter(order=order).first()
    if payment is None or not is_on():
        return []
    now = clock.now()
    if payment.silent_until is not None and payment.silent_until > now:
        raise ProviderAway
    return [event for message in ledger.known(payment, now) for event in events(_stored(message, now))]


def _stored(message: SandboxMessage, now: datetime) -> ProviderEvent:
    """As the message would stand in the inbox."""
    body = message.body.encode()
    return ProviderEvent(provider=Provider.SANDBOX, event_id=message.event_id, body=body, received_at=now)


def start_checkout(order: Order, *, back: str) -> str:
    if not sells(order):
        raise NotPossible
    ledger.open_payment(order, back)
    return settings.SITE_URL + reverse("sandbox", args=[order.public_id])


def refund(order: Order, amount: int) -> None:
    # An event's id is cut to 40 characters, so the key is short: two whole amounts have to fit in it.
    key = f"re-{order.public_id}-{order.refunded}-{amount}"
    _take(order, ledger.Step.REFUND, ledger.Wish(amount=amount, key=key))


def cancel(order: Order) -> None:
    _take(order, ledger.Step.END, ledger.Wish())


def resume(order: Order) -> None:
    _take(order, ledger.Step.RESUME, ledger.Wish())


def _take(order: Order, step: ledger.Step, wish: ledger.Wish) -> None:
    payment = SandboxPayment.objects.filter(order=order).first()
    if payment is None or not is_on():
        raise NotPossible
    if payment.silent_until is not None and payment.silent_until > clock.now():
        raise ProviderAway
    try:
        ledger.take_step(order=order, step=step, wish=wish)
    except (Conflict, Invalid) as error:
        raise NotPossible(error.message) from error
    after_commit(send_sandbox_messages, payment.pk)


def recent(since: datetime) -> Iterator[str]:
    changed = SandboxMessage.objects.filter(at__gte=since, at__lte=clock.now())
    return iter(changed.order_by().values_list("payment__order__reference", flat=True).distinct())
