"""The four limits, each of which may be left empty. What they may be is the rules' matter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.facts import LimitFacts
from tiers.limit_rules import as_facts
from tiers.models import MOST


def _limit(name: str, label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=MOST[name])


class LimitsForm(forms.Form):
    requests_per_minute = _limit("requests_per_minute", _("Requests per minute"))
    requests_per_day = _limit("requests_per_day", _("Calls per day"))
    requests_per_month = _limit("requests_per_month", _("Calls per month"))
    concurrent_calls = _limit("concurrent_calls", _("Calls at once"))

    def limits(self) -> LimitFacts:
        return as_facts(self.cleaned_data)

    @property
    def limits_given(self) -> bool:
        """Whether the part of the form that holds them is to be open."""
        return any(self[name].value() not in (None, "") or self[name].errors for name in LimitsForm.base_fields)
