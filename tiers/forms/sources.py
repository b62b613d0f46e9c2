"""What administrators type of the shops that may send us webhooks."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

OVERLAPS = [("0", _("not at all")), ("3600", _("1 hour")), ("86400", _("1 day")), ("604800", _("7 days"))]


class SourceForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=40, help_text=_("The last part of the address that the shop delivers to.")
    )


class RotateSecretForm(forms.Form):
    overlap = forms.ChoiceField(
        label=_("The old secret works on for"), choices=OVERLAPS, initial="86400", widget=forms.RadioSelect
    )

    def clean_overlap(self) -> timedelta:
        return timedelta(seconds=int(self.cleaned_data["overlap"]))


class RetireForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Stays in the audit log beside your name."),
    )
