"""What staff type of orders: filters, and money that goes back."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tiers.forms.amounts import in_minor_units
from tiers.models import OrderState, Problem
from tiers.selectors.staff_orders import ANY_PROBLEM, Filters

STATES = [("", _("any state")), *OrderState.choices]
PROBLEMS = [("", _("any order")), (ANY_PROBLEM, _("with a problem")), *Problem.choices]


class OrderFilterForm(forms.Form):
    """What is not understood filters nothing: an address can always be opened."""

    state = forms.ChoiceField(required=False, choices=STATES)
    problem = forms.ChoiceField(required=False, choices=PROBLEMS)
    provider = forms.CharField(required=False, max_length=20)
    workspace = forms.CharField(required=False, max_length=254)
    product = forms.CharField(required=False, max_length=60)
    find = forms.CharField(required=False, max_length=255)

    def filters(self) -> Filters:
        self.is_valid()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})


class RefundForm(forms.Form):
    """`currency` is the order's own. A refund that staff have made themselves has the reference of their transfer."""

    amount = forms.CharField(label=_("Amount"), max_length=20)
    reference = forms.CharField(
        label=_("Reference"),
        max_length=200,
        help_text=_("The number of the transfer. Recorded twice under the same number it counts once."),
    )
    note = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Stays in the audit log beside your name."),
    )

    def __init__(self, *args: Any, currency: str, with_reference: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency
        self.fields["amount"].help_text = _("In %(currency)s, such as 5.00.") % {"currency": currency}
        if not with_reference:
            del self.fields["reference"]

    def clean_amount(self) -> int:
        amount = in_minor_units(str(self.cleaned_data["amount"]), self.currency)
        if amount < 1:
            raise ValidationError(_("Give back more than nothing."))
        return amount


class CreditForm(forms.Form):
    note = forms.CharField(
        label=_("What was given instead"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Stays in the audit log beside your name."),
    )
