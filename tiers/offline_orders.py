"""An order that was paid outside of any provider: what staff may record of it, and what would follow.

Pure but for the clock: who asks brings the offers and the workspaces that there are."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from babel.numbers import list_currencies
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import Invalid
from tiers.money import price
from tiers.order_states import Derived, Event, EventKind, Offer, OrderState, Problem, derive

LONGEST_REFERENCE: Final = 200
LONGEST_NOTE: Final = 500
_LARGEST: Final = 10**9
_FIRST_YEAR: Final = 2000


@dataclass(frozen=True, slots=True)
class Offline:
    """As staff say it. `workspace` and `product` by id and slug, `amount` in minor units, `reference` the number of the
    invoice or the transfer, which is what makes it the same order when it is told again."""

    reference: str
    workspace: str
    product: str
    amount: int
    currency: str
    paid_at: datetime
    note: str = ""

    def body(self) -> bytes:
        """As it stands in the inbox: the order payload, like that of any shop."""
        data = {
            "id": self.reference,
            "workspace": self.workspace,
            "product": self.product,
            "amount": self.amount,
            "currency": self.currency,
            "note": self.note,
        }
        told = {"type": "order.paid", "timestamp": self.paid_at.astimezone(UTC).isoformat(), "data": data}
        return json.dumps(told, ensure_ascii=False).encode()

    def is_told_by(self, body: bytes) -> bool:
        """Whether that message tells of the same payment; a note may differ."""
        told = json.loads(body)
        mine = json.loads(self.body())
        told["data"].pop("note", None)
        mine["data"].pop("note")
        return bool(told == mine)


def check(
    offline: Offline, *, now: datetime, offers: Mapping[str, Sequence[Offer]], workspaces: Collection[str]
) -> Derived:
    """What would follow. Raises Invalid, with the field, for what cannot be recorded.

    Money that came too late for early access can: it was received, and waits for a refund or a credit."""
    check_reference(offline.reference)
    check_note(offline.note)
    if offline.workspace not in workspaces:
        raise Invalid(_("There is no such workspace."), field="workspace")
    if offline.product not in offers:
        raise Invalid(_("There is no such product."), field="product")
    if not 0 < offline.amount <= _LARGEST:
        raise Invalid(_("Give the amount that was paid."), field="amount")
    if offline.currency not in list_currencies():
        raise Invalid(_("Give a currency such as USD."), field="currency")
    if offline.paid_at > now:
        raise Invalid(_("It cannot have been paid in the future."), field="paid_at")
    if offline.paid_at.year < _FIRST_YEAR:
        raise Invalid(_("Give the day on which it was paid."), field="paid_at")
    derived = derive([_event(offline, now)], now=now, offers=offers, workspaces=workspaces)
    _check_price(derived, offline, offers[offline.product])
    return derived


def check_reference(reference: str, field: str = "reference") -> str:
    if not 0 < len(reference) <= LONGEST_REFERENCE or not reference.isprintable() or reference != reference.strip():
        raise Invalid(_("Give the number of the invoice or transfer, at most 200 characters."), field=field)
    return reference


def check_note(note: str) -> str:
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise Invalid(_("A note has at most 500 characters."), field="note")
    return note


def _event(offline: Offline, now: datetime) -> Event:
    return Event(
        key="foreseen",
        kind=EventKind.PAID,
        at=offline.paid_at,
        received_at=now,
        workspace=offline.workspace,
        product=offline.product,
        amount=offline.amount,
        currency=offline.currency,
    )


def _check_price(derived: Derived, offline: Offline, versions: Sequence[Offer]) -> None:
    if derived.problem == Problem.NOT_ON_SALE:
        raise Invalid(_("This was not on sale on that day."), field="product")
    if derived.problem not in {Problem.AMOUNT_DIFFERS, Problem.CURRENCY_DIFFERS}:
        return
    then = [offer for offer in versions if offer.sale_from <= offline.paid_at] or list(versions[:1])
    asked = price(then[-1].amount, then[-1].currency)
    field = "amount" if derived.problem == Problem.AMOUNT_DIFFERS else "currency"
    raise Invalid(_("It cost %(price)s on that day.") % {"price": asked}, field=field)


def effect(derived: Derived, now: datetime) -> str:
    """What recording it does, in a few words."""
    if derived.state == OrderState.UNFULFILLED:
        return _("gives nothing: early access had ended; to be refunded or credited")
    if derived.calls is not None:
        return ngettext("adds %(calls)d call", "adds %(calls)d calls", derived.calls) % {"calls": derived.calls}
    if derived.ends_at is None:
        return _("opens it for good")
    day = {"day": date_format(derived.ends_at.astimezone(UTC), "DATE_FORMAT")}
    return (_("ended on %(day)s") if derived.ends_at <= now else _("opens it until %(day)s")) % day
