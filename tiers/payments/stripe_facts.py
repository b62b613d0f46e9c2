"""What Stripe's objects say, as members of an order's set of events. Pure: dictionaries in, events out.

Each key names the thing itself (a payment, a refund, a dispute and its outcome, an invoice), so the same truth read
twice adds nothing. The set only grows, hence what may still be taken back is left out of it:

* A refund counts once it has `succeeded`. A pending one may be cancelled or fail, and the buyer has nothing back yet.
* An inquiry (`warning_…`) takes no money, and may end without a dispute. Nobody is suspended for a question.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tiers.order_states import Event, EventKind, Outcome
from tiers.payments.stripe_api import Found, Json, id_of, part

# Stripe makes a renewal's invoice as the period ends, and charges it about an hour later. Nobody who pays may be
# refused in between.
SLACK: Final = timedelta(hours=3)
_OPEN: Final = frozenset({"needs_response", "under_review", "appeal_needs_response", "appeal_under_review"})
_FIRST_INVOICE: Final = "subscription_create"
_BEHIND: Final = frozenset({"past_due", "unpaid"})


@dataclass(frozen=True, slots=True)
class Known:
    """What we make of it. `workspace`: as we wrote it on the session. `product`: ours for the price that was sold, else
    that price's id. `cancelled`: the version of the last cancellation that the order's events hold."""

    workspace: str
    product: str
    received_at: datetime
    cancelled: int | None = None


def text(value: Any, longest: int = 255) -> str:
    """A text that PostgreSQL can keep; empty for all else."""
    return value if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""


def events(found: Found, known: Known) -> list[Event]:
    """Everything that Stripe says now of one order."""
    return list(_Reading(found, known).all())


@dataclass(frozen=True, slots=True)
class _Reading:
    found: Found
    known: Known

    def all(self) -> Iterator[Event]:
        yield from self._session()
        if self.found.subscription is not None:
            yield from self._invoices()
            yield from self._status(self.found.subscription)
        yield from self._money_back()

    # --- The first payment ----------------------------------------------------------------------------------

    def _session(self) -> Iterator[Event]:
        session = self.found.session
        if session.get("status") == "expired":
            yield self._event("expired", session["id"], EventKind.EXPIRED, session.get("expires_at"))
        elif session.get("payment_status") in {"paid", "no_payment_required"}:
            # A subscription's first payment is its first invoice.
            if self.found.subscription is None:
                yield self._paid(session)
        elif session.get("status") == "complete":
            yield self._unpaid(session)

    def _paid(self, session: Json) -> Event:
        return self._event(
            "paid",
            self._payment_id,
            EventKind.PAID,
            self._paid_at,
            amount=session.get("amount_total"),
            currency=text(session.get("currency"), 8).upper(),
        )

    @property
    def _payment_id(self) -> str:
        return id_of(self.found.intent) or id_of(self.found.subscription) or str(self.found.session["id"])

    @property
    def _charge(self) -> Json:
        return part(self.found.intent, "latest_charge")

    @property
    def _paid_at(self) -> int | None:
        """A bank debit is charged days before it succeeds; what it brought in is booked when it does."""
        times = [one.get("created") for one in (self._charge, part(self._charge, "balance_transaction"))]
        return max((moment for moment in times if moment), default=None)

    def _unpaid(self, session: Json) -> Event:
        """Gone through the checkout, but not paid: a debit or transfer is under way, or came to nothing."""
        intent = (self.found.intent or {}).get("status")
        subscription = (self.found.subscription or {}).get("status")
        at = self._charge.get("created") or session.get("created")
        if intent in {"requires_payment_method", "canceled"} or subscription == "incomplete_expired":
            return self._event("failed", self._payment_id, EventKind.FAILED, at)
        return self._event("pending", self._payment_id, EventKind.PENDING, at)

    # --- A subscription -------------------------------------------------------------------------------------

    def _invoices(self) -> Iterator[Event]:
        for invoice in self.found.invoices:
            first = invoice.get("billing_reason") == _FIRST_INVOICE
            paid_at = _paid_at(invoice)
            yield self._event(
                "paid" if first else "renewed",
                invoice["id"],
                EventKind.PAID if first else EventKind.RENEWED,
                paid_at,
                version=paid_at,
                amount=invoice.get("amount_paid"),
                currency=text(invoice.get("currency"), 8).upper(),
                period_end=_period_end(invoice),
            )

    def _status(self, subscription: Json) -> Iterator[Event]:
        """The versions are Stripe's own times in seconds: when an invoice was made or paid, when it was cancelled."""
        name, status = subscription["id"], subscription.get("status")
        latest = subscription.get("latest_invoice")
        if status in _BEHIND:
            version = int(part(subscription, "latest_invoice").get("created") or self.known.received_at.timestamp())
            key = id_of(latest) or name
            yield self._event("past_due", key, EventKind.PAST_DUE, version, version=version)
        if status == "canceled" or subscription.get("cancel_at_period_end") or subscription.get("cancel_at"):
            paid = [at for invoice in self.found.invoices if (at := _paid_at(invoice))]
            version = max([subscription.get("canceled_at") or 0, *paid])
            yield self._event("cancelled", f"{name}:{version}", EventKind.CANCELLED, version, version=version)
        elif self.known.cancelled is not None:
            version = self.known.cancelled + 1
            yield self._event("resumed", f"{name}:{version}", EventKind.RESUMED, None, version=version)

    # --- Money back -----------------------------------------------------------------------------------------

    def _money_back(self) -> Iterator[Event]:
        for refund in self.found.refunds:
            if refund.get("status") == "succeeded":
                yield self._event(
                    "refund",
                    refund["id"],
                    EventKind.REFUNDED,
                    refund.get("created"),
                    refund_id=refund["id"],
                    refund_amount=refund["amount"],
                )
        for dispute in self.found.disputes:
            yield from self._dispute(dispute)

    def _dispute(self, dispute: Json) -> Iterator[Event]:
        """Opened and, once the bank has decided, closed: so the timeline shows both, whichever was missed."""
        name, status = dispute["id"], dispute.get("status")
        closed = status in Outcome.values
        if closed or status in _OPEN:
            key, at = f"{name}:open", dispute.get("created")
            yield self._event("dispute", key, EventKind.DISPUTED, at, dispute_id=name)
        if closed:
            key = f"{name}:{status}"
            yield self._event("dispute", key, EventKind.DISPUTE_CLOSED, None, dispute_id=name, outcome=status)

    def _event(self, what: str, of: str, kind: EventKind, at: int | None, **values: Any) -> Event:
        """`at` None: Stripe keeps no time of it, so it is when we saw it."""
        return Event(
            key=f"stripe:{what}:{of}",
            kind=kind,
            at=datetime.fromtimestamp(at, UTC) if at else self.known.received_at,
            received_at=self.known.received_at,
            workspace=self.known.workspace,
            product=self.known.product,
            **values,
        )


def price_sold(session: Json) -> str:
    """The id of the price that the checkout sold; empty where Stripe does not say."""
    lines = part(session, "line_items").get("data") or []
    return text(id_of(lines[0].get("price"))) if lines else ""


def _paid_at(invoice: Json) -> int | None:
    moment: int | None = part(invoice, "status_transitions").get("paid_at") or invoice.get("created")
    return moment


def _period_end(invoice: Json) -> datetime | None:
    """The end of the latest period that the invoice pays for, and the slack. Not the subscription's own, which moves
    on before it is paid for."""
    lines = part(invoice, "lines").get("data") or []
    ends = [end for line in lines if (end := part(line, "period").get("end"))]
    return datetime.fromtimestamp(max(ends), UTC) + SLACK if ends else None
