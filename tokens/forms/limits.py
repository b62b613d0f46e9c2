"""What administrators fill in to set limits for an application or a workspace, or to take them away."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.forms.limits import LimitsForm

SET, LIFT = "set", "lift"
ACTS: Final = [(SET, SET), (LIFT, LIFT)]


class OverrideForm(LimitsForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Whoever holds it reads this, and it stays in the audit log."),
    )
    act = forms.ChoiceField(choices=ACTS)
