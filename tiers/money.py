"""Amounts of money as people write them, in the active language."""

import re
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.conf import settings
from django.utils.translation import get_language, to_locale

# Babel writes a code without a sign of its own close to the number: KWD1.500.
_CODE_THEN_DIGIT: Final = re.compile(r"(?<=[A-Z])(?=\d)")


def price(amount: int, currency: str) -> str:
    """`$5.00` of 500 minor units of USD, `¥500` of 500 of JPY: how many minor units make a whole one depends on the
    currency."""
    digits = get_currency_precision(currency)
    locale = Locale.parse(to_locale(get_language() or settings.LANGUAGE_CODE))
    written = str(format_currency(Decimal(amount).scaleb(-digits), currency, locale=locale))
    return _CODE_THEN_DIGIT.sub("\N{NO-BREAK SPACE}", written)
