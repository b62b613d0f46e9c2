"""What administrators fill in of tiers and models. The rules are the action's; its refusals come back by field."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.catalogue_rules import COLOURS, LARGEST_GOAL, MOST_FREE_TRIES
from tiers.models import MOST, AIModel, Operation, Tier
from tiers.selectors.catalogue import GATED, Filters


class CatalogueFilterForm(forms.Form):
    find = forms.CharField(required=False, max_length=100)
    opens = forms.CharField(required=False, max_length=40)
    operation = forms.CharField(required=False, max_length=40)

    def filters(self) -> Filters:
        self.is_valid()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})


def _instant(label: Any, help_text: Any = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, widget=widget, help_text=help_text)


class ReasonedForm(forms.Form):
    """A change with a reason; `values` is all but the reason and what names the row."""

    apart: tuple[str, ...] = ("reason",)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Stays in the audit log beside your name."),
    )

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in self.apart}


class TierForm(ReasonedForm):
    apart = ("reason", "slug")
    field_order = [
        "slug",
        "name",
        "rank",
        "requests_per_minute",
        "requests_per_day",
        "requests_per_month",
        "concurrent_calls",
    ]

    name = forms.CharField(label=_("Name"), max_length=60)
    rank = forms.IntegerField(
        label=_("Rank"), min_value=0, max_value=32_000, help_text=_("A tier opens what every lower one opens.")
    )
    requests_per_minute = forms.IntegerField(
        label=_("Requests per minute"), min_value=1, max_value=MOST["requests_per_minute"]
    )
    requests_per_day = forms.IntegerField(
        label=_("Calls per day"),
        required=False,
        min_value=1,
        max_value=MOST["requests_per_day"],
        help_text=_("Empty: no limit."),
    )
    requests_per_month = forms.IntegerField(
        label=_("Calls per month"),
        required=False,
        min_value=1,
        max_value=MOST["requests_per_month"],
        help_text=_("Empty: no limit."),
    )
    concurrent_calls = forms.IntegerField(
        label=_("Calls at once"),
        required=False,
        min_value=1,
        max_value=MOST["concurrent_calls"],
        help_text=_("Empty: no limit."),
    )
    self_service = forms.BooleanField(
        label=_("Self-service"),
        required=False,
        help_text=_("Whoever has a confirmed address gets it with their first token, without a request."),
    )
    colour = forms.ChoiceField(label=_("Colour"), choices=[(name, name) for name in COLOURS])
    description = forms.CharField(
        label=_("Description"), required=False, max_length=1000, widget=forms.Textarea({"rows": 3})
    )


class NewTierForm(TierForm):
    slug = forms.CharField(
        label=_("Short name"), max_length=40, help_text=_("What gateways and callers see. It cannot be changed later.")
    )


class ModelForm(ReasonedForm):
    apart = ("reason", "model_name", "operations", "opens")

    family = forms.CharField(label=_("Family"), max_length=60)
    opens = forms.ChoiceField(label=_("Opens with"), widget=forms.RadioSelect)
    operations = forms.ModelMultipleChoiceField(
        label=_("Served by"), queryset=Operation.objects.order_by("label"), widget=forms.CheckboxSelectMultiple
    )
    aliases = forms.CharField(
        label=_("Aliases"), required=False, max_length=1000, help_text=_("Other names callers may use, by commas.")
    )
    cost = forms.IntegerField(
        label=_("Cost"), min_value=1, max_value=1_000_000, help_text=_("How many calls one call counts for.")
    )
    early_access_from = _instant(_("Early access from"), _("UTC. Until its end only a grant opens it."))
    early_access_until = _instant(_("Early access until"), _("UTC. Then it opens by itself."))
    free_tries = forms.IntegerField(
        label=_("Free tries"),
        required=False,
        min_value=0,
        max_value=MOST_FREE_TRIES,
        help_text=_("Calls that each workspace has for nothing while it is in early access."),
    )
    goal_amount = forms.IntegerField(
        label=_("Goal"),
        required=False,
        min_value=1,
        max_value=LARGEST_GOAL,
        help_text=_(
            "In the smallest unit: 250000 is 2,500.00 USD. Once so much was given, it opens to all. Empty: none."
        ),
    )
    goal_currency = forms.CharField(label=_("Currency of the goal"), required=False, max_length=3)
    retired_at = _instant(_("Retired at"), _("UTC. From then on calls are answered 410."))
    successor = forms.ModelChoiceField(
        label=_("Successor"),
        queryset=AIModel.objects.order_by("name"),
        required=False,
        empty_label=_("none"),
        help_text=_("Named in that answer."),
    )
    description = forms.CharField(
        label=_("Description"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, tiers: list[Tier], **options: Any) -> None:
        super().__init__(*args, **options)
        self._tiers = {tier.slug: tier for tier in tiers}
        choices = [*((slug, slug) for slug in self._tiers), (GATED, _("a grant alone (gated)"))]
        self.fields["opens"] = forms.ChoiceField(label=_("Opens with"), choices=choices, widget=forms.RadioSelect)

    def clean_aliases(self) -> list[str]:
        return [alias.strip() for alias in self.cleaned_data["aliases"].split(",") if alias.strip()]

    def clean_free_tries(self) -> int:
        return self.cleaned_data["free_tries"] or 0

    def clean_goal_currency(self) -> str:
        return str(self.cleaned_data["goal_currency"]).strip().upper()

    @property
    def values(self) -> dict[str, Any]:
        opens = self.cleaned_data["opens"]
        return {**super().values, "tier": self._tiers.get(opens), "gated": opens == GATED}


class NewModelForm(ModelForm):
    field_order = ["model_name"]
    model_name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What callers put in model. It cannot be changed later.")
    )


def of_tier(tier: Tier) -> dict[str, Any]:
    """What the form of a tier starts from."""
    return {name: getattr(tier, name) for name in TierForm.base_fields if hasattr(tier, name)}


def of_model(model: AIModel) -> dict[str, Any]:
    found = {name: getattr(model, name) for name in ModelForm.base_fields if hasattr(model, name)}
    opens = GATED if model.gated or model.tier is None else model.tier.slug
    return {**found, "operations": model.operations.all(), "aliases": ", ".join(model.aliases), "opens": opens}
