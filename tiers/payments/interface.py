"""What every provider's file offers. Network and parsing only: no provider writes an order; `sync_order` does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from tiers.models import Order, ProviderEvent
from tiers.order_states import Event


class BadSignature(DomainError):
    """Not signed by a secret that is good now, or signed more than five minutes ago. Nothing of it is kept."""

    code, status = "bad_signature", 401
    default_message = _("The signature is missing, wrong, or older than five minutes.")


class ProviderAway(DomainError):
    """The provider could not be asked, or did not answer in time. Try again; nothing was changed."""

    code, status = "provider_away", 503
    default_message = _("The payment provider does not answer just now. Nothing is lost: we go on asking.")


class NotPossible(DomainError):
    """This provider, or this order, does not have what was asked of it (a refund, a cancellation)."""

    code, status = "not_possible", 409
    default_message = _("This cannot be done with this provider.")


class Unusable(Exception):
    """A stored message that no retry will make usable: the text, in English, is for staff."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message whose signature is good. `reference` is the order that it names, by the provider's id of it; empty
    where it names none, or where that is only known once the provider was asked."""

    event_id: str
    kind: str
    body: bytes
    reference: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class PaymentProvider(Protocol):
    """Times are aware and in UTC, amounts in minor units. Whatever goes over the network raises ProviderAway, is
    bounded to a few seconds, and is never called inside a transaction.

    `ASKS`: its messages are but a hint, and `fetch` is asked before anything is believed."""

    ASKS: bool

    def is_on(self) -> bool:
        """Whether it is configured (and, of the sandbox, whether DEMO is on)."""

    def sells(self, order: Order) -> bool:
        """Whether its checkout can sell the order's quoted version."""

    def receive(self, headers: Mapping[str, str], body: bytes, source: str) -> Received:
        """Verify a message. Header names in lower case. Raises BadSignature."""

    def events(self, stored: ProviderEvent) -> list[Event]:
        """What a stored message says of its order; empty where it says nothing that concerns us. Pure.
        Raises Unusable."""

    def locate(self, stored: ProviderEvent) -> str:
        """The order's reference where `receive` could not tell it; empty where it is none of ours. Network."""

    def fetch(self, order: Order) -> list[Event]:
        """Ask the provider how the order stands; empty where it cannot be asked. Network."""

    def start_checkout(self, order: Order, *, back: str) -> str:
        """Open a checkout and return the address of its page; the same one when called again for the same order.
        `back` is where the buyer returns to. Network."""

    def refund(self, order: Order, amount: int) -> None:
        """Give money back; asked twice for the same order and amount it gives it once. Network, or NotPossible."""

    def cancel(self, order: Order) -> None:
        """Let a subscription end with its period. Network, or NotPossible."""

    def resume(self, order: Order) -> None:
        """Take that back. Network, or NotPossible."""

    def recent(self, since: datetime) -> Iterator[str]:
        """References of the orders that changed since; for reconciliation. Network, or NotPossible."""
