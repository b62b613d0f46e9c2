"""Amounts of money as people write them, in the active language."""

import re
from decimal import Decimal
from typing import Final, Protocol

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.conf import settings
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

# Babel writes a code without a sign of its own close to the number: KWD1.500.
_CODE_THEN_DIGIT: Final = re.compile(r"(?<=[A-Z])(?=\d)")


class Priced(Protocol):
    """An offer, as a row or as plain facts."""

    @property
    def amount(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def interval(self) -> str: ...
    @property
    def lasts_days(self) -> int | None: ...


def price(amount: int, currency: str) -> str:
    """`$5.00` of 500 minor units of USD, `¥500` of 500 of JPY: how many minor units make a whole one depends on the
    currency."""
    digits = get_currency_precision(currency)
    locale = Locale.parse(to_locale(get_language() or settings.LANGUAGE_CODE))
    written = str(format_currency(Decimal(amount).scaleb(-digits), currency, locale=locale))
    return _CODE_THEN_DIGIT.sub("\N{NO-BREAK SPACE}", written)


def cost(offer: Priced) -> str:
    """The price, with how often it is charged or how long it lasts where that is not once and for good."""
    facts = {"price": price(offer.amount, offer.currency), "days": offer.lasts_days}
    if offer.interval == "month":
        return _("%(price)s a month") % facts
    if offer.interval == "year":
        return _("%(price)s a year") % facts
    if offer.lasts_days is not None:
        return ngettext("%(price)s for %(days)d day", "%(price)s for %(days)d days", offer.lasts_days) % facts
    return str(facts["price"])
