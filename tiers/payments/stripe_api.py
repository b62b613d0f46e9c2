"""Stripe's API through its official library: a few calls, each bounded in time, whose answers are plain dictionaries.

What an answer leaves out, or what is only an id in it, is not an error: the library's version of the API decides what
it looks like, and `stripe_facts` reads it with that in mind.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import stripe
import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from stripe.params import EventListParams, InvoicePaymentListParamsPayment

from tiers.payments.interface import NotPossible, ProviderAway

Json = dict[str, Any]

SECONDS_TO_CONNECT: Final = 2.0
SECONDS_TO_ANSWER: Final = 4.0
PAGE: Final = 100
# More than these are a fault of ours or a flood, and no request may wait for them.
MOST_LISTED: Final = 2_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What Stripe knows of one order: of a subscription all paid invoices, and of every payment what was given back
    or is disputed."""

    session: Json
    intent: Json | None = None
    subscription: Json | None = None
    invoices: tuple[Json, ...] = ()
    refunds: tuple[Json, ...] = ()
    disputes: tuple[Json, ...] = ()


def client() -> stripe.StripeClient:
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@lru_cache(maxsize=4)
def _client(key: str, base: str) -> stripe.StripeClient:
    http = stripe.RequestsClient(timeout=(SECONDS_TO_CONNECT, SECONDS_TO_ANSWER))
    return stripe.StripeClient(key, base_addresses={"api": base}, max_network_retries=1, http_client=http)


@contextmanager
def asking() -> Iterator[None]:
    """Whatever Stripe does not tell, for whatever reason, is asked again later: raises ProviderAway."""
    try:
        yield
    except stripe.StripeError as error:
        log.warning("stripe_does_not_tell", error=type(error).__name__, status=error.http_status, code=error.code)
        raise ProviderAway from error


@contextmanager
def doing() -> Iterator[None]:
    """What Stripe refuses for good raises NotPossible with its reason; all else ProviderAway."""
    with asking():
        try:
            yield
        except (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError) as error:
            reason = error.user_message or type(error).__name__
            raise NotPossible(_("Stripe refused this: %(reason)s") % {"reason": reason[:300]}) from error


def id_of(value: Any) -> str:
    """Of what is either an id or the expanded object; empty where it is neither."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""


def part(thing: Any, *path: str) -> Json:
    """The object at that path; empty where there is none, whatever is there instead."""
    for name in path:
        thing = thing.get(name) if isinstance(thing, Mapping) else None
    return thing if isinstance(thing, dict) else {}


def read(session_id: str) -> Found:
    """Ask for everything that bears on the order of this session. Call inside `asking()`."""
    expand = ["line_items", "payment_intent.latest_charge.balance_transaction", "subscription.latest_invoice"]
    session = client().v1.checkout.sessions.retrieve(session_id, {"expand": expand}).to_dict()
    if session.get("subscription"):
        return _read_subscription(session)
    intent = session.get("payment_intent")
    if isinstance(intent, str):
        intent = read_intent(intent)
    charge = part(intent, "latest_charge")
    return _with_money_back(Found(session, intent=intent), [charge] if charge else [])


def read_intent(intent_id: str) -> Json:
    expand = ["latest_charge.balance_transaction"]
    return client().v1.payment_intents.retrieve(intent_id, {"expand": expand}).to_dict()


def read_session(session_id: str) -> Json:
    return client().v1.checkout.sessions.retrieve(session_id).to_dict()


def read_subscription(subscription_id: str) -> Json:
    return client().v1.subscriptions.retrieve(subscription_id).to_dict()


def _read_subscription(session: Json) -> Found:
    subscription = session["subscription"]
    if isinstance(subscription, str):
        subscription = read_subscription(subscription)
    paid = client().v1.invoices.list(
        {"subscription": subscription["id"], "status": "paid", "limit": PAGE, "expand": ["data.payments"]}
    )
    invoices = _all(paid)
    intents = {intent for invoice in invoices for intent in intents_of(invoice)}
    customer = id_of(subscription.get("customer"))
    charges = _all(client().v1.charges.list({"customer": customer, "limit": PAGE})) if customer and intents else []
    own = [charge for charge in charges if id_of(charge.get("payment_intent")) in intents]
    return _with_money_back(Found(session, subscription=subscription, invoices=tuple(invoices)), own)


def intents_of(invoice: Json) -> list[str]:
    """The payment intents by which an invoice was paid."""
    payments = part(invoice, "payments").get("data") or []
    return [intent for one in payments if (intent := id_of(part(one, "payment").get("payment_intent")))]


def _with_money_back(found: Found, charges: Iterable[Json]) -> Found:
    """A charge says itself whether there is anything to list, so that most orders cost no further call."""
    refunds, disputes = [], []
    for charge in charges:
        if charge.get("refunded") or charge.get("amount_refunded"):
            refunds += _all(client().v1.refunds.list({"charge": charge["id"], "limit": PAGE}))
        if charge.get("disputed"):
            disputes += _all(client().v1.disputes.list({"charge": charge["id"], "limit": PAGE}))
    return replace(found, refunds=tuple(refunds), disputes=tuple(disputes))


def order_metadata(kind: str, reference: str) -> Json:
    """What we wrote on the payment or subscription that this id belongs to; empty where nothing."""
    if kind == "subscription":
        return part(read_subscription(reference), "metadata")
    if kind == "charge":
        charge = client().v1.charges.retrieve(reference).to_dict()
        intent = id_of(charge.get("payment_intent"))
        return order_metadata("payment_intent", intent) if intent else part(charge, "metadata")
    return part(read_intent(reference), "metadata") or _metadata_by_invoice(reference)


def _metadata_by_invoice(intent_id: str) -> Json:
    """Stripe makes a subscription's payment intents itself, and writes nothing of ours on them."""
    by: InvoicePaymentListParamsPayment = {"type": "payment_intent", "payment_intent": intent_id}
    payments = client().v1.invoice_payments.list({"payment": by, "limit": 1}).data
    invoice_id = id_of(payments[0].to_dict().get("invoice")) if payments else ""
    return metadata_of_invoice(client().v1.invoices.retrieve(invoice_id).to_dict()) if invoice_id else {}


def metadata_of_invoice(invoice: Json) -> Json:
    return part(invoice, "parent", "subscription_details", "metadata")


def sessions_since(since: datetime) -> Iterator[Json]:
    yield from _each(client().v1.checkout.sessions.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE}))


def events_since(since: datetime, kinds: Iterable[str]) -> Iterator[Json]:
    """Stripe keeps them for 30 days, and takes 20 kinds at most."""
    wanted: EventListParams = {"created": {"gte": int(since.timestamp())}, "types": sorted(kinds), "limit": PAGE}
    yield from _each(client().v1.events.list(wanted))


def _all(page: stripe.ListObject[Any]) -> list[Json]:
    return list(islice(_each(page), MOST_LISTED))


def _each(page: stripe.ListObject[Any]) -> Iterator[Json]:
    for one in page.auto_paging_iter():
        yield one.to_dict()
