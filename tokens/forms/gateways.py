"""What administrators fill in of a gateway. Which headers and networks are taken, the action says."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tokens.models import Gateway, GatewayKind, GatewayScope
from tokens.policies.gateways import HEADER_FIELDS
from tokens.policies.tokens import OVERLAPS

_OVERLAP_LABELS = [_("Not at all"), _("1 hour"), _("24 hours"), _("7 days")]
OVERLAP_CHOICES = [
    (str(int(overlap.total_seconds())), label) for overlap, label in zip(OVERLAPS, _OVERLAP_LABELS, strict=True)
]


class GatewayForm(forms.Form):
    """The four headers are the only ones that are believed, since the gateway overwrites what a client sends."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Such as edge-eu-1. Shown in the audit log."))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=GatewayKind.choices, widget=forms.RadioSelect, initial=GatewayKind.NGINX
    )
    uri_header = forms.CharField(label=_("Header for the URI"), max_length=60, initial="X-Forwarded-Uri")
    method_header = forms.CharField(label=_("Header for the method"), max_length=60, initial="X-Forwarded-Method")
    address_header = forms.CharField(
        label=_("Header for the address"), max_length=60, initial="X-Forwarded-For", required=False
    )
    model_header = forms.CharField(label=_("Header for the model"), max_length=60, initial="X-Model", required=False)
    scopes = forms.MultipleChoiceField(
        label=_("May ask for"),
        choices=GatewayScope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[GatewayScope.DECIDE],
    )
    networks = forms.CharField(
        label=_("Networks"),
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 2, "class": "mono", "placeholder": "10.0.0.0/8"}),
        help_text=_("Where it asks from, one a line. Empty: from anywhere."),
    )

    def clean_networks(self) -> list[str]:
        return str(self.cleaned_data["networks"]).replace(",", " ").split()

    @property
    def headers(self) -> list[forms.BoundField]:
        return [self[name] for name in HEADER_FIELDS]


def of_gateway(gateway: Gateway) -> dict[str, Any]:
    """What the form of a gateway starts from."""
    found = {name: getattr(gateway, name) for name in GatewayForm.base_fields}
    return {**found, "networks": "\n".join(gateway.networks)}


class RotateForm(forms.Form):
    overlap = forms.TypedChoiceField(
        label=_("How long the old one goes on working"),
        choices=OVERLAP_CHOICES,
        coerce=lambda seconds: timedelta(seconds=int(seconds)),
        widget=forms.RadioSelect,
        initial="86400",
    )


class RevokeForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea({"rows": 3}))
