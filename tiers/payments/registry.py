"""Which provider is which."""

from collections.abc import Iterator
from importlib import import_module

from tiers.order_states import Provider
from tiers.payments.interface import PaymentProvider

_FILES = {
    Provider.STRIPE: "tiers.payments.stripe",
    Provider.STANDARD: "tiers.payments.standard",
    Provider.SANDBOX: "tiers.payments.sandbox",
    Provider.MANUAL: "tiers.payments.manual",
}


def provider(name: str) -> PaymentProvider:
    """The provider of that name, whether it is on or not. Raises KeyError."""
    module: PaymentProvider = import_module(_FILES[Provider(name)])
    return module


def providers() -> Iterator[tuple[Provider, PaymentProvider]]:
    """Those that are on."""
    for name in _FILES:
        found = provider(name)
        if found.is_on():
            yield name, found
