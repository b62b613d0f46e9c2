"""Orders that staff record: paid by invoice or transfer, with no provider to tell of them, or to be asked."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from tiers.models import Order, ProviderEvent
from tiers.order_states import Event
from tiers.payments import order_payload
from tiers.payments.interface import BadSignature, NotPossible, Received

ASKS: Final = False


def is_on() -> bool:
    return True


def sells(order: Order) -> bool:
    """It has no checkout."""
    return False


def receive(headers: Mapping[str, str], body: bytes, source: str) -> Received:
    """Nobody delivers for it: `tiers.actions.manual_orders` stores what a person said."""
    raise BadSignature


def events(stored: ProviderEvent) -> list[Event]:
    return order_payload.events(stored)


def locate(stored: ProviderEvent) -> str:
    return ""


def fetch(order: Order) -> list[Event]:
    return []


def start_checkout(order: Order, *, back: str) -> str:
    raise NotPossible


def refund(order: Order, amount: int) -> None:
    """Money goes back the way it came; who sent it back records that."""
    raise NotPossible


def cancel(order: Order) -> None:
    raise NotPossible


def resume(order: Order) -> None:
    raise NotPossible


def recent(since: datetime) -> Iterator[str]:
    return iter(())
