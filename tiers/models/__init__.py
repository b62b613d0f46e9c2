"""WHAT: the catalogue, the products, the orders and the grants."""

from tiers.models.catalogue import AIModel, CatalogueVersion, Operation, ServedOperation, Tier
from tiers.models.grants import Grant, GrantPermission, GrantSource
from tiers.models.limits import LIMITS, MOST, LimitColumns
from tiers.models.notices import NoticeKind, OrderNotice
from tiers.models.orders import (
    InboxState,
    Order,
    OrderEvent,
    ProviderEvent,
    ProviderReference,
    WebhookSecret,
    WebhookSource,
)
from tiers.models.products import Interval, PartialRefund, Product, ProductKind, ProductVersion, ProviderPrice
from tiers.models.sandbox import SandboxDelivery, SandboxMessage, SandboxPayment
from tiers.models.trials import FreeTries
from tiers.models.watch import Alarm, AlarmKind, Reconciliation
from tiers.order_states import EventKind, Holds, OrderState, Outcome, Problem, Provider

__all__ = [
    "LIMITS",
    "MOST",
    "AIModel",
    "Alarm",
    "AlarmKind",
    "CatalogueVersion",
    "EventKind",
    "FreeTries",
    "Grant",
    "GrantPermission",
    "GrantSource",
    "Holds",
    "InboxState",
    "Interval",
    "LimitColumns",
    "NoticeKind",
    "Operation",
    "Order",
    "OrderEvent",
    "OrderNotice",
    "OrderState",
    "Outcome",
    "PartialRefund",
    "Problem",
    "Product",
    "ProductKind",
    "ProductVersion",
    "Provider",
    "ProviderEvent",
    "ProviderPrice",
    "ProviderReference",
    "Reconciliation",
    "SandboxDelivery",
    "SandboxMessage",
    "SandboxPayment",
    "ServedOperation",
    "Tier",
    "WebhookSecret",
    "WebhookSource",
]
