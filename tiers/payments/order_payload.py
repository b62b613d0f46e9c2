"""The order payload of the Standard Webhooks sources and of the sandbox (`docs/payments.md`), read strictly.

Whatever a signature vouches for is still input from outside: each value is checked for its kind, its size and its
range before it gets near a query or a sum.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime

from tiers.models import ProviderEvent
from tiers.order_events import LAST_END
from tiers.order_states import Event, EventKind, Outcome
from tiers.payments.interface import Unusable

KINDS: Final = {
    "order.created": EventKind.CREATED,
    "order.pending": EventKind.PENDING,
    "order.paid": EventKind.PAID,
    "order.failed": EventKind.FAILED,
    "order.expired": EventKind.EXPIRED,
    "order.cancelled": EventKind.CANCELLED,
    "order.refunded": EventKind.REFUNDED,
    "order.disputed": EventKind.DISPUTED,
    "order.dispute_closed": EventKind.DISPUTE_CLOSED,
    "subscription.renewed": EventKind.RENEWED,
    "subscription.past_due": EventKind.PAST_DUE,
    "subscription.cancelled": EventKind.CANCELLED,
    "subscription.resumed": EventKind.RESUMED,
}
_DISPUTES: Final = frozenset({EventKind.DISPUTED, EventKind.DISPUTE_CLOSED})
_LARGEST: Final = 2**63 - 1
_LONGEST_ID: Final = 255


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object. Raises Unusable for all else, however deep."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unusable("the body is not JSON") from error
    if not isinstance(payload, dict):
        raise Unusable("the body is not a JSON object")
    return payload


def envelope(body: bytes) -> tuple[str, str]:
    """Type and order reference, as far as they can be made out; empty where not. A message of a type that we do not
    know may be of anything, and names no order."""
    try:
        payload = parse(body)
    except Unusable:
        return "", ""
    data = payload.get("data")
    reference = data.get("id") if isinstance(data, dict) else None
    kind = _kept(payload.get("type"), 100)
    return kind, _kept(reference, _LONGEST_ID) if kind in KINDS else ""


def _kept(value: object, longest: int) -> str:
    return str(value) if _is_text(value, longest) else ""


def events(stored: ProviderEvent) -> list[Event]:
    """The one event of a stored message; none of a type that we do not know. Raises Unusable."""
    payload = parse(bytes(stored.body))
    kind = KINDS.get(_text(payload, "type", 1000, needed=True))
    if kind is None:
        return []
    data = payload.get("data")
    if not isinstance(data, dict):
        raise Unusable("data is not an object")
    _text(data, "id", _LONGEST_ID, needed=True)
    return [
        Event(
            key=stored.event_id,
            kind=kind,
            at=_moment(payload, "timestamp"),
            received_at=stored.received_at,
            version=_integer(data, "version", -_LARGEST),
            workspace=_text(data, "workspace", 64),
            product=_text(data, "product", _LONGEST_ID),
            amount=_integer(data, "amount", 0),
            currency=_text(data, "currency", 8).upper(),
            **_refund(data, kind),
            **_dispute(data, kind),
            period_end=_period_end(data, kind),
        )
    ]


def _refund(data: dict[str, Any], kind: EventKind) -> dict[str, Any]:
    if kind != EventKind.REFUNDED:
        return {}
    refund = _object(data, "refund")
    return {
        "refund_id": _text(refund, "id", _LONGEST_ID, needed=True),
        "refund_amount": _integer(refund, "amount", 1, needed=True),
    }


def _dispute(data: dict[str, Any], kind: EventKind) -> dict[str, Any]:
    if kind not in _DISPUTES:
        return {}
    dispute = _object(data, "dispute")
    found = {"dispute_id": _text(dispute, "id", _LONGEST_ID, needed=True)}
    if kind == EventKind.DISPUTE_CLOSED:
        found["outcome"] = _text(dispute, "outcome", 10, needed=True)
        if found["outcome"] not in Outcome.values:
            raise Unusable("dispute.outcome is neither won nor lost")
    return found


def _period_end(data: dict[str, Any], kind: EventKind) -> datetime | None:
    if data.get("period_end") is None and kind != EventKind.RENEWED:
        return None
    return min(_moment(data, "period_end"), LAST_END)


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if not isinstance(value, dict):
        raise Unusable(f"{name} is not an object")
    return value


def _is_text(value: object, longest: int) -> bool:
    """PostgreSQL keeps no NUL, and no half of a surrogate pair can be encoded."""
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()


def _text(data: dict[str, Any], name: str, longest: int, *, needed: bool = False) -> str:
    value = data.get(name)
    if value is None and not needed:
        return ""
    if not _is_text(value, longest):
        raise Unusable(f"{name} is not a text of 1 to {longest} characters")
    return str(value)


def _integer(data: dict[str, Any], name: str, least: int, *, needed: bool = False) -> int | None:
    value = data.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST:
        raise Unusable(f"{name} is not a whole number from {least} on")
    return value


def _moment(data: dict[str, Any], name: str) -> datetime:
    value = data.get(name)
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:
            raise ValueError(name)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unusable(f"{name} is not a time such as 2026-11-22T05:00:00Z") from error
