"""Amounts of money, in the language that is active."""

import pytest
from django.utils import translation

from tiers.money import price


@pytest.mark.parametrize(
    ("amount", "currency", "language", "written"),
    [
        (500, "USD", "en", "$5.00"),
        (123456, "EUR", "en", "€1,234.56"),
        (500, "JPY", "en", "¥500"),
        (5, "USD", "en", "$0.05"),
        (1500, "KWD", "en", "KWD 1.500"),
        (500, "USD", "zh-hans", "US$5.00"),
        (500, "CNY", "zh-hans", "¥5.00"),
    ],
)
def test_minor_units_and_signs_are_those_of_currency_and_language(
    amount: int, currency: str, language: str, written: str
) -> None:
    with translation.override(language):
        assert price(amount, currency).replace("\xa0", " ") == written


def test_without_a_language_it_is_written_in_ours() -> None:
    with translation.override(None, deactivate=False):
        translation.deactivate_all()
        assert price(500, "USD") == "$5.00"
