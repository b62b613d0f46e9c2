"""The filters of the audit log, as its address carries them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.clock import NOT_PAST_LAST_DAY
from tiers.selectors.audit import Filters, nouns


class AuditFilterForm(forms.Form):
    """What is not understood filters nothing: an address can always be opened."""

    find = forms.CharField(required=False, max_length=100)
    action = forms.ChoiceField(required=False, label=_("Action"))
    actor = forms.CharField(required=False, max_length=100, label=_("Actor"))
    workspace = forms.CharField(required=False, max_length=100, label=_("Workspace"))
    since = forms.DateField(required=False, label=_("From"), widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(
        required=False, label=_("To"), validators=[NOT_PAST_LAST_DAY], widget=forms.DateInput({"type": "date"})
    )

    def __init__(self, data: Any, actions: list[str]) -> None:
        super().__init__(data)
        groups = [(noun, [(noun, f"{noun}.*"), *((a, a) for a in found)]) for noun, found in nouns(actions).items()]
        self.fields["action"] = forms.ChoiceField(
            required=False, label=_("Action"), choices=[("", _("any action")), *groups]
        )

    def filters(self) -> Filters:
        self.is_valid()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})
