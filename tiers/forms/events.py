"""The filters of the event inbox, as its address carries them."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.models import InboxState
from tiers.selectors.events import UNHANDLED, Filters

STATES = [("", _("all")), (UNHANDLED, _("not handled")), *InboxState.choices]


class EventFilterForm(forms.Form):
    """What is not understood filters nothing: an address can always be opened."""

    state = forms.ChoiceField(required=False, choices=STATES)
    provider = forms.CharField(required=False, max_length=20)
    source = forms.CharField(required=False, max_length=40)
    kind = forms.CharField(required=False, max_length=100)
    find = forms.CharField(required=False, max_length=255)

    def filters(self) -> Filters:
        self.is_valid()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})
