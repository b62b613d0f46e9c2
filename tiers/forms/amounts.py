"""Money as it is typed, in whole units of a currency with a point: 19.00. Never by way of a float."""

import re
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_precision
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# `1,900.00` and `19,00` are refused: what one means by 1900 the other means by 19.
_TYPED: Final = re.compile(r"[0-9]{1,13}(\.[0-9]{1,4})?")


def in_minor_units(text: str, currency: str) -> int:
    """`19.00` of USD is 1900, `19` of JPY is 19. Raises ValidationError."""
    if not _TYPED.fullmatch(text.strip()):
        raise ValidationError(_("Write the amount as 19.00: digits, and a point before the smaller part."))
    minor = Decimal(text.strip()).scaleb(get_currency_precision(currency))
    if minor != int(minor):
        raise ValidationError(_("%(currency)s has no such small part.") % {"currency": currency})
    return int(minor)


def as_typed(amount: int | None, currency: str) -> str:
    """The other way round, for a form that is filled already."""
    if amount is None:
        return ""
    digits = get_currency_precision(currency)
    return f"{Decimal(amount).scaleb(-digits):.{digits}f}"
