"""Payment providers: one file each, with the same few functions (`interface.PaymentProvider`)."""

from tiers.payments.interface import (
    BadSignature,
    NotPossible,
    PaymentProvider,
    ProviderAway,
    Received,
    Unusable,
)
from tiers.payments.registry import provider, providers

__all__ = [
    "BadSignature",
    "NotPossible",
    "PaymentProvider",
    "ProviderAway",
    "Received",
    "Unusable",
    "provider",
    "providers",
]
