"""Stripe: Checkout Sessions, and webhooks that are but a hint. What counts is what its API says when asked.

An order's id is written on the session, the payment and the subscription, so that every message leads back to it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

import stripe
from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts import clock
from tiers.actions.references import remember_references
from tiers.models import Order, ProviderEvent, ProviderPrice, ProviderReference
from tiers.order_states import Event, EventKind, Provider
from tiers.payments import stripe_api, stripe_facts
from tiers.payments.interface import BadSignature, NotPossible, Received, Unusable
from tiers.payments.stripe_api import Json, asking, doing, id_of, part
from tiers.payments.stripe_facts import text

ASKS: Final = True
TOLERANCE: Final = 300
# How long a checkout may be paid, to ten minutes, so that one who asks twice asks for the same.
OPEN_FOR: Final = timedelta(hours=1)
SLOT: Final = 600
# One account may serve more than us; these names are ours.
ORDER, WORKSPACE, PRODUCT = "trellis_order", "trellis_workspace", "trellis_product"
# What may say that an order changed; `docs/payments.md` names them for Stripe's settings.
KINDS: Final = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "invoice.paid",
        "invoice.payment_failed",
        "customer.subscription.updated",
        "customer.subscription.deleted",
    }
)
_OBJECTS: Final = ("checkout.session", "payment_intent", "charge", "refund", "dispute", "invoice", "subscription")
# These bear nothing that we wrote; Stripe is asked what they belong to.
_NAMELESS: Final = {"charge", "refund", "dispute"}


def is_on() -> bool:
    return bool(settings.STRIPE_SECRET_KEY)


def sells(order: Order) -> bool:
    return order.quoted_id is not None and _prices().filter(version=order.quoted_id).exists()


# --- Messages -----------------------------------------------------------------------------------------------


def receive(headers: Mapping[str, str], body: bytes, source: str) -> Received:
    signature = headers.get("stripe-signature", "")
    try:
        stripe.WebhookSignature.verify_header(body, signature, settings.STRIPE_WEBHOOK_SECRET, TOLERANCE)
    except (stripe.SignatureVerificationError, ValueError, TypeError) as error:
        raise BadSignature from error
    message = _parsed(body)
    event_id = text(message.get("id")) or f"sha256:{hashlib.sha256(body).hexdigest()}"
    return Received(
        event_id=event_id, kind=text(message.get("type"), 100), body=body, reference=_named(_thing(message))
    )


def events(stored: ProviderEvent) -> list[Event]:
    """None: what a message says is never believed. Raises Unusable for what concerns another account, Stripe's other
    mode, or an order that we do not have."""
    message = _parsed(bytes(stored.body))
    _check_ours(message)
    if stored.order_id is None and (name := _named(_thing(message))):
        raise Unusable(f"names the order {name}, which does not exist")
    return []


def locate(stored: ProviderEvent) -> str:
    message = _parsed(bytes(stored.body))
    try:
        _check_ours(message)
    except Unusable:
        return ""
    return _reference(_thing(message))


def _check_ours(message: Json) -> None:
    if message.get("account"):
        raise Unusable(f"is of another account, {text(message['account'])}")
    live = message.get("livemode")
    if isinstance(live, bool) and live != ("_live_" in settings.STRIPE_SECRET_KEY):
        raise Unusable(f"is of Stripe's {'live' if live else 'test'} mode, and our key is not")


def _parsed(body: bytes) -> Json:
    """Empty for what is no JSON object, however deep: such a message says nothing."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _thing(message: Json) -> Json:
    """What the message is about; empty where that is nothing of ours."""
    thing = part(message, "data", "object")
    return thing if thing.get("object") in _OBJECTS else {}


def _named(thing: Json) -> str:
    """Our order's id, where it is written on the thing itself."""
    written = stripe_api.metadata_of_invoice(thing) or part(thing, "metadata")
    return text(written.get(ORDER), 12)


def _reference(thing: Json) -> str:
    """The order that it is of: by what is written on it, by an id that we know, else by asking."""
    if name := _named(thing):
        return name
    ids = {kind: text(id_of(thing.get(kind))) for kind in ("id", "subscription", "payment_intent", "charge")}
    known = ProviderReference.objects.filter(provider=Provider.STRIPE, reference__in=[i for i in ids.values() if i])
    found = known.values_list("order__reference", flat=True).first()
    if found is not None or thing.get("object") not in _NAMELESS:
        return found or ""
    intent, charge = ids["payment_intent"], ids["id"] if thing["object"] == "charge" else ids["charge"]
    return _asked("payment_intent", intent) if intent else _asked("charge", charge) if charge else ""


def _asked(kind: str, reference: str) -> str:
    """What Stripe does not know is none of ours."""
    with asking():
        try:
            return text(stripe_api.order_metadata(kind, reference).get(ORDER), 12)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            return ""


# --- How an order stands ------------------------------------------------------------------------------------


def fetch(order: Order) -> list[Event]:
    session_id = _reference_of(order, "cs_")
    if not session_id:
        return []
    with asking():
        found = stripe_api.read(session_id)
    ids = [id_of(found.intent), id_of(found.subscription)]
    ids += [intent for invoice in found.invoices for intent in stripe_api.intents_of(invoice)]
    remember_references(order=order, name=Provider.STRIPE, references=ids)
    return stripe_facts.events(found, _known(order, found))


def _known(order: Order, found: stripe_api.Found) -> stripe_facts.Known:
    price = stripe_facts.price_sold(found.session)
    slugs = _prices().filter(price_id=price).values_list("version__product__slug", flat=True)
    metadata = part(found.session, "metadata")
    product = (slugs.first() or price) if price else text(metadata.get(PRODUCT))
    cancelled = order.events.filter(kind=EventKind.CANCELLED).aggregate(last=Max("version"))["last"]
    return stripe_facts.Known(
        workspace=text(metadata.get(WORKSPACE), 64), product=product, received_at=clock.now(), cancelled=cancelled
    )


def recent(since: datetime) -> Iterator[str]:
    seen: set[str] = set()
    with asking():
        changed = (_thing(event) for event in stripe_api.events_since(since, KINDS))
        for thing in chain(stripe_api.sessions_since(since), changed):
            reference = _reference(thing) if thing else ""
            if reference and reference not in seen:
                seen.add(reference)
                yield reference


# --- What is asked of Stripe --------------------------------------------------------------------------------


def start_checkout(order: Order, *, back: str) -> str:
    """The page of the order's one session. A closed one is not opened again: that takes a new order."""
    session_id = _reference_of(order, "cs_")
    with doing():
        session = stripe_api.read_session(session_id) if session_id else _open_session(order, back)
    if session.get("status") != "open" or not session.get("url"):
        raise NotPossible(_("This checkout is closed. Begin again where it is sold."))
    return str(session["url"])


def _open_session(order: Order, back: str) -> Json:
    """Of two that were opened at once, the first that is noted is the order's. Nobody ever sees the page of another."""
    wanted = _checkout(order, back)
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    options: Any = {"idempotency_key": f"checkout:{digest}"}
    session = stripe_api.client().v1.checkout.sessions.create(wanted, options)
    remember_references(order=order, name=Provider.STRIPE, references=[session.id])
    first = _reference_of(order, "cs_")
    return session.to_dict() if first == session.id else stripe_api.read_session(first)


def _checkout(order: Order, back: str) -> Any:
    price = _prices().select_related("version__product").filter(version=order.quoted_id).first()
    if price is None or order.workspace is None:
        raise NotPossible
    written = {
        ORDER: order.public_id,
        WORKSPACE: order.workspace.public_id,
        PRODUCT: price.version.product.slug,
    }
    recurs = bool(price.version.interval)
    return {
        "mode": "subscription" if recurs else "payment",
        "line_items": [{"price": price.price_id, "quantity": 1}],
        "client_reference_id": order.public_id,
        "metadata": written,
        "subscription_data" if recurs else "payment_intent_data": {"metadata": written},
        "success_url": back,
        "cancel_url": back,
        "expires_at": int((clock.now() + OPEN_FOR).timestamp()) // SLOT * SLOT,
    }


def refund(order: Order, amount: int) -> None:
    """Of a subscription, what was paid last. A payment that was given back already needs nothing more."""
    session_id = _reference_of(order, "cs_")
    if not session_id:
        raise NotPossible
    with doing():
        found = stripe_api.read(session_id)
        intents = [intent for invoice in found.invoices[:1] for intent in stripe_api.intents_of(invoice)]
        intent = id_of(found.intent) or next(iter(intents), "")
        if not intent:
            raise NotPossible
        options: Any = {"idempotency_key": f"refund:{order.public_id}:{order.refunded}:{amount}"}
        wanted: Any = {"payment_intent": intent, "amount": amount, "metadata": {ORDER: order.public_id}}
        try:
            stripe_api.client().v1.refunds.create(wanted, options)
        except stripe.InvalidRequestError as error:
            # Of several payments, the money that is meant may be that of another.
            if error.code != "charge_already_refunded" or len(found.invoices) > 1:
                raise


def cancel(order: Order) -> None:
    _set_cancel_at_period_end(order, True)


def resume(order: Order) -> None:
    _set_cancel_at_period_end(order, False)


def _set_cancel_at_period_end(order: Order, cancels: bool) -> None:
    subscription_id = _reference_of(order, "sub_")
    if not subscription_id:
        raise NotPossible
    with doing():
        stripe_api.client().v1.subscriptions.update(subscription_id, {"cancel_at_period_end": cancels})


def _reference_of(order: Order, prefix: str) -> str:
    known = order.references.filter(provider=Provider.STRIPE, reference__startswith=prefix).order_by("pk")
    return known.values_list("reference", flat=True).first() or ""


def _prices() -> Any:
    return ProviderPrice.objects.filter(provider=Provider.STRIPE)
