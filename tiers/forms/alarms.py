"""What staff say when they resolve an alarm."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ResolveForm(forms.Form):
    resolution = forms.CharField(
        label=_("What was done about it"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Stays with the alarm and in the audit log, beside your name."),
    )
