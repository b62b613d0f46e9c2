"""Money as it is typed, in whole units of a currency with a point: 19.00. Never by way of a float."""

import re
from decimal import Decimal
from typing import Any, Final

from babel.numbers import get_currency_precision
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from tiers.product_rules import check_currency

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


class PricedForm(forms.Form):
    """A form with an `amount` as it is typed, and its `currency`: cleaned to minor units."""

    def clean_currency(self) -> str:
        try:
            return check_currency(self.cleaned_data["currency"])
        except Invalid as error:
            raise ValidationError(str(error.message)) from error

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("amount") and given.get("currency"):
            try:
                given["amount"] = in_minor_units(given["amount"], given["currency"])
            except ValidationError as error:
                self.add_error("amount", error)
        return given
