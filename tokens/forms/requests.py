"""What an applicant fills in. A draft may be incomplete; what sending needs, the actions know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext_lazy

from tiers.facts import TierFacts
from tiers.models import AIModel, Tier
from tokens.models import AccessRequest, Application

TIER, MODEL = "tier", "model"


@dataclass(frozen=True, slots=True)
class Card:
    """One choice of what to ask for: a tier or a model."""

    option: BoundWidget
    tier: Tier | None
    model: AIModel | None


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
        self,
        *args: Any,
        applications: list[Application],
        stands: Mapping[int, TierFacts],
        tiers: list[Tier],
        models: list[AIModel],
        **kwargs: Any,
    ) -> None:
        """`stands`: where each application stands, by its primary key."""
        super().__init__(*args, **kwargs)
        self.stands = stands
        self.applications = {application.public_id: application for application in applications}
        self.tiers = {f"{TIER}:{tier.slug}": tier for tier in tiers}
        self.models = {f"{MODEL}:{model.name}": model for model in models}
        on = gettext_lazy("%(name)s (on %(tier)s)")
        names = [(one.public_id, on % {"name": one.name, "tier": stands[one.pk].slug}) for one in applications]
        self._choices("application", names)
        subjects = [(key, tier.slug) for key, tier in self.tiers.items()]
        self._choices("subject", subjects + [(key, model.name) for key, model in self.models.items()])

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def cards(self) -> list[Card]:
        """The choices of a subject, each with what it asks for."""
        options = [(option, str(option.data["value"])) for option in self["subject"]]
        return [Card(option, self.tiers.get(value), self.models.get(value)) for option, value in options]

    def shown(self) -> tuple[Application, Tier | None, AIModel | None]:
        """What the form shows as chosen. Where nobody chose an application, the first that stands below the tier."""
        subject = str(self["subject"].value() or "")
        tier, model = self.tiers.get(subject), self.models.get(subject)
        chosen = self.applications.get(str(self["application"].value()))
        if chosen is None:
            everyone = list(self.applications.values())
            below = (one for one in everyone if tier is None or self.stands[one.pk].rank < tier.rank)
            chosen = next(below, everyone[0])
            self.initial["application"] = chosen.public_id
        return chosen, tier, model

    def higher_than(self, stands: TierFacts) -> list[str]:
        """The slugs of the tiers on offer above the one that an application stands on."""
        return [tier.slug for tier in self.tiers.values() if tier.rank > stands.rank]

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
