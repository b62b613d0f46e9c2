"""Amounts of money as people write them, in the active language."""

from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.conf import settings
from django.utils.translation import get_language, to_locale


def price(amount: int, currency: str) -> str:
    """`$5.00` of 500 minor units of USD, `¥500` of 500 of JPY: how many minor units make a whole one depends on the
    currency."""
    digits = get_currency_precision(currency)
    locale = Locale.parse(to_locale(get_language() or settings.LANGUAGE_CODE))
    return str(format_currency(Decimal(amount).scaleb(-digits), currency, locale=locale))
