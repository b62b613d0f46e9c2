"""What administrators fill in to give a grant by hand, or to take one."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.forms import WorkspaceField
from accounts.ids import is_public_id, new_public_id
from tiers.forms.limits import LimitsForm
from tiers.models import AIModel, GrantPermission, GrantSource, Tier
from tokens.models import Application
from tokens.selectors.holdings import ALL, COMING, ENDED, LIVE, SUSPENDED, Filters

STATES = [
    (LIVE, _("Live")),
    (SUSPENDED, _("Suspended")),
    (COMING, _("To come")),
    (ENDED, _("Ended")),
    (ALL, _("All")),
]


class HoldingsFilterForm(forms.Form):
    """What is not understood filters nothing: an address can always be opened."""

    state = forms.ChoiceField(required=False, choices=STATES)
    tier = forms.CharField(required=False, max_length=40)
    model = forms.CharField(required=False, max_length=100)
    source = forms.ChoiceField(required=False, choices=[("", _("any source")), *GrantSource.choices])
    find = forms.CharField(required=False, max_length=100)

    def filters(self) -> Filters:
        self.is_valid()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})


def _instant(label: Any, help_text: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, widget=widget, help_text=help_text)


class GiveForm(LimitsForm):
    """`key` makes a form that is sent twice give once."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=12, initial=new_public_id)
    workspace = WorkspaceField()
    application = forms.CharField(
        label=_("Application"), required=False, max_length=60, help_text=_("Its id or short name. Empty: all of them.")
    )
    tier = forms.ModelChoiceField(
        label=_("Tier"), queryset=Tier.objects.order_by("rank"), required=False, empty_label=_("none")
    )
    model = forms.ModelChoiceField(
        label=_("Model"),
        queryset=AIModel.objects.order_by("name"),
        required=False,
        empty_label=_("none"),
        help_text=_("Either this or a tier."),
    )
    permissions = forms.MultipleChoiceField(
        label=pgettext_lazy("what for", "To"),
        choices=GrantPermission.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[GrantPermission.GENERATE],
    )
    starts_at = _instant(_("From"), _("UTC. Empty: at once."))
    ends_at = _instant(_("Until"), _("UTC. Empty: until it is revoked."))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Whoever holds it reads this, and it stays in the audit log."),
    )

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        if not is_public_id(key):
            raise ValidationError(_("This form is damaged. Open it again."))
        return key

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        text, workspace = given.get("application", ""), given.get("workspace")
        given["application_id"] = None
        if text and workspace is not None:
            mine = Application.objects.filter(workspace=workspace)
            found = mine.filter(public_id=text).first() or mine.filter(slug=text).first()
            if found is None:
                self.add_error("application", _("That workspace has no such application."))
            else:
                given["application_id"] = found.pk
        return given


class ChangeForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Whoever holds it reads this, and it stays in the audit log."),
    )
    act = forms.ChoiceField(choices=[(name, name) for name in ("suspend", "resume", "revoke")])
