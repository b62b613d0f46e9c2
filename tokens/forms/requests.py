"""What an applicant fills in. A draft may be incomplete; what sending needs, the actions know."""

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tiers.models import AIModel, Tier
from tokens.models import AccessRequest, Application

TIER, MODEL = "tier", "model"


class AccessRequestForm(forms.Form):
    """`subject` is `tier:<slug>` or `model:<name>`; `draft` what the form has saved itself as, by its public id."""

    draft = forms.CharField(max_length=12, required=False, widget=forms.HiddenInput)
    application = forms.ChoiceField(label=gettext_lazy("Application"))
    purpose = forms.CharField(
        label=gettext_lazy("What does it do, and for whom?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Two or three sentences are enough."),
    )
    users = forms.CharField(
        label=gettext_lazy("Who uses it"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Such as: 300 pupils of two schools, or our own team of five"),
    )
    links = forms.CharField(
        label=gettext_lazy("Links"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Source code, a store page, a demo: one a line"),
    )
    subject = forms.ChoiceField(
        label=gettext_lazy("What you need"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what to ask for.")},
    )
    expected_volume = forms.IntegerField(
        label=gettext_lazy("Calls a day, expected"),
        required=False,
        min_value=1,
        max_value=2_000_000_000,
        help_text=gettext_lazy("A guess will do."),
    )

    def __init__(
        self, *args: Any, applications: list[Application], tiers: list[Tier], models: list[AIModel], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.applications = {application.public_id: application for application in applications}
        self.tiers = {f"{TIER}:{tier.slug}": tier for tier in tiers}
        self.models = {f"{MODEL}:{model.name}": model for model in models}
        names = [(application.public_id, application.name) for application in applications]
        self._choices("application", names)
        cards = [(key, _tier_card(tier)) for key, tier in self.tiers.items()]
        self._choices("subject", cards + [(key, _model_card(model)) for key, model in self.models.items()])

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def application_chosen(self) -> Application:
        return self.applications[self.cleaned_data["application"]]

    def values(self) -> dict[str, Any]:
        """What is written, as the actions take it."""
        subject = self.cleaned_data["subject"]
        written = {name: self.cleaned_data[name] for name in ("purpose", "users", "links", "expected_volume")}
        return {"tier": self.tiers.get(subject), "model": self.models.get(subject), **written}

    @staticmethod
    def initial_of(asked: AccessRequest) -> dict[str, Any]:
        return {
            "application": asked.application.public_id,
            "subject": f"{TIER}:{asked.tier.slug}" if asked.tier else f"{MODEL}:{asked.model.name}",  # type: ignore[union-attr]
            "purpose": asked.purpose,
            "users": asked.users,
            "links": asked.links,
            "expected_volume": asked.expected_volume,
        }


class MessageForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Write to the reviewer"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )


def _tier_card(tier: Tier) -> str:
    return render_to_string("requests/tier_card.html", {"tier": tier})


def _model_card(model: AIModel) -> str:
    why = _("by approval alone") if model.gated else _("early access")
    return format_html('<b class="code">{}</b><small>{}</small>', model.name, why)
