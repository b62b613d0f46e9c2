"""What administrators fill in of what is on sale. The rules are the action's; its refusals come back by field."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.forms.amounts import PricedForm, as_typed
from tiers.forms.catalogue import ReasonedForm
from tiers.models import AIModel, GrantPermission, Interval, PartialRefund, ProductKind, ProductVersion, Provider, Tier

# What an offer of this kind opens by; the others of these are left empty.
SUBJECTS = {
    ProductKind.TIER: ("tier",),
    ProductKind.MODEL: ("model", "permissions"),
    ProductKind.EARLY_ACCESS: ("model", "permissions"),
    ProductKind.PACK: ("calls",),
}
_ALL_SUBJECTS = ("tier", "model", "permissions", "calls")


class OfferForm(PricedForm, ReasonedForm):
    """One offer of a kind of product. The amount is typed in whole units of the currency, with a point."""

    apart = ("reason", "slug")

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What the buyer reads."))
    description = forms.CharField(
        label=_("Description"), required=False, max_length=500, widget=forms.Textarea({"rows": 2})
    )
    tier = forms.ModelChoiceField(
        label=_("Opens the tier"), queryset=Tier.objects.order_by("rank"), empty_label=_("choose")
    )
    model = forms.ModelChoiceField(
        label=_("Opens the model"), queryset=AIModel.objects.order_by("name"), empty_label=_("choose")
    )
    permissions = forms.MultipleChoiceField(
        label=_("To do"),
        choices=GrantPermission.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[GrantPermission.GENERATE],
        help_text=_("Who may download may generate, too."),
    )
    calls = forms.IntegerField(label=_("Calls in the pack"), min_value=1)
    amount = forms.CharField(label=_("Price"), max_length=20, help_text=_("In whole units, such as 5.00."))
    currency = forms.CharField(label=_("Currency"), max_length=3, help_text=_("Such as USD."))
    interval = forms.ChoiceField(
        label=_("Charged"), required=False, choices=[("", _("once")), *Interval.choices], widget=forms.RadioSelect
    )
    lasts_days = forms.IntegerField(
        label=_("Open for (days)"),
        required=False,
        min_value=1,
        help_text=_("Of what is charged once. Empty: for good."),
    )
    grace_days = forms.IntegerField(
        label=_("Grace when a renewal fails (days)"), required=False, min_value=0, max_value=90, initial=7
    )
    partial_refund = forms.ChoiceField(
        label=_("After a refund of a part"), choices=PartialRefund.choices, initial=PartialRefund.KEEP
    )

    def __init__(self, *args: Any, kind: str, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in _ALL_SUBJECTS:
            if name not in SUBJECTS[ProductKind(kind)]:
                del self.fields[name]
        if kind not in {ProductKind.TIER, ProductKind.MODEL}:
            for name in ("interval", "grace_days"):
                del self.fields[name]
        if kind == ProductKind.EARLY_ACCESS:
            self.fields["model"] = forms.ModelChoiceField(
                label=_("Opens the model"),
                queryset=AIModel.objects.filter(early_access_until__isnull=False).order_by("name"),
                empty_label=_("choose"),
                help_text=_("Those that have an early-access window. The offer ends with it."),
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if "grace_days" in given and given["grace_days"] is None:
            given["grace_days"] = 7
        return given


class NewOfferForm(OfferForm):
    field_order = ["slug"]
    slug = forms.CharField(
        label=_("Short name"),
        max_length=60,
        help_text=_("By which links and providers know it. It cannot be changed later."),
    )


def of_version(version: ProductVersion) -> dict[str, Any]:
    """What the form of the next version starts from."""
    found = {name: getattr(version, name) for name in OfferForm.base_fields if hasattr(version, name)}
    return {**found, "amount": as_typed(version.amount, version.currency)}


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Stays in the audit log beside your name."),
    )


class PriceForm(forms.Form):
    provider = forms.ChoiceField(
        label=_("Provider"),
        choices=[(name, name.label) for name in Provider if name in {Provider.STRIPE, Provider.STANDARD}],
    )
    price_id = forms.CharField(
        label=_("Price id"), max_length=255, help_text=_("Under which the provider sells exactly this version.")
    )
    checkout_url = forms.CharField(
        label=_("Checkout page"),
        required=False,
        max_length=500,
        help_text=_("Of a shop outside; {workspace} stands for the buyer's workspace id."),
    )
