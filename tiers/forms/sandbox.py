"""What a tester makes happen at the sandbox's checkout."""

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.sandbox.ledger import LATE_BY, LONGEST_WAIT, SETTLES_AFTER, Delivery, Standing, Step, Wish


def _seconds(label: Any, initial: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=LONGEST_WAIT, initial=initial)


class SandboxForm(forms.Form):
    """One step of those that are possible, and how Trellis is told of it. Amounts in whole units of the currency."""

    step = forms.CharField(widget=forms.HiddenInput, error_messages={"required": _("Choose what is to happen.")})
    amount = forms.DecimalField(label=_("Give back"), required=False)
    settles_after = _seconds(_("Money settles after (seconds)"), SETTLES_AFTER)
    delivery = forms.ChoiceField(
        label=_("Trellis is told"), choices=Delivery.choices, required=False, initial=Delivery.ONCE
    )
    late_by = _seconds(_("When late, by (seconds)"), LATE_BY)

    def __init__(self, *args: Any, standing: Standing, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._digits = get_currency_precision(currency)
        possible = standing.possible()
        if Step.REFUND in possible:
            self.fields["amount"].initial = Decimal(standing.left).scaleb(-self._digits)
        else:
            del self.fields["amount"]
        if Step.PAY_LATE not in possible:
            del self.fields["settles_after"]

    def clean_step(self) -> Step:
        try:
            return Step(self.cleaned_data["step"])
        except ValueError:
            raise forms.ValidationError(_("Choose what is to happen.")) from None

    def clean_amount(self) -> int | None:
        """In minor units."""
        given: Decimal | None = self.cleaned_data["amount"]
        if given is None:
            return None
        minor = given.scaleb(self._digits)
        if minor != minor.to_integral_value():
            raise forms.ValidationError(_("This currency has no such small part."))
        return int(minor)

    @property
    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(
            amount=given.get("amount"),
            settles_after=given.get("settles_after") or SETTLES_AFTER,
            delivery=Delivery(given["delivery"] or Delivery.ONCE),
            late_by=given["late_by"] or LATE_BY,
        )


class SilenceForm(forms.Form):
    """For how long the provider answers nobody; 0 for no longer."""

    seconds = forms.IntegerField(label=_("Seconds"), min_value=0, max_value=LONGEST_WAIT, initial=20)
