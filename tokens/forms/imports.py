"""What administrators say of a repository whose issues are brought in."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tiers import snapshot
from tiers.models import AIModel, Tier
from tokens.issue_import.matching import FIELDS
from tokens.policies.requests import free_for_all
from tokens.selectors.requests import askable_tiers

LARGEST_FILE: Final = 20 * 2**20  # bytes


class IssueFormForm(forms.Form):
    """`heading_<field>` is the heading that is our field; a new form also has the repository."""

    repository = forms.CharField(
        label=_("Repository"), max_length=200, help_text=_("As owner/name. It cannot be changed later.")
    )
    tier = forms.ModelChoiceField(
        Tier.objects.none(),
        label=_("Tier"),
        required=False,
        to_field_name="slug",
        empty_label=_("none"),
        help_text=_("What an issue asks for that does not say so itself."),
    )
    model = forms.ModelChoiceField(
        AIModel.objects.order_by("name"),
        label=_("or model"),
        required=False,
        to_field_name="name",
        empty_label=_("none"),
    )
    label = forms.CharField(
        label=_("Only issues with the label"), max_length=100, required=False, help_text=_("Empty: all of them.")
    )

    def __init__(self, *given: Any, known: bool = False, headings: list[str], **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["tier"].queryset = askable_tiers(free_for_all(snapshot.kept()))  # type: ignore[attr-defined]
        self.fields["tier"].label_from_instance = lambda tier: tier.slug  # type: ignore[attr-defined]
        self.fields["model"].label_from_instance = lambda model: model.name  # type: ignore[attr-defined]
        if known:
            del self.fields["repository"]
        choices = {"list": "headings"} if headings else {}
        for name, (label, _words) in FIELDS.items():
            self.fields[f"heading_{name}"] = forms.CharField(
                label=str(label), max_length=200, required=False, widget=forms.TextInput(choices)
            )

    def heading_fields(self) -> list[forms.BoundField]:
        return [self[f"heading_{name}"] for name in FIELDS]

    def values(self) -> dict[str, Any]:
        """As the actions take them."""
        cleaned = self.cleaned_data
        values: dict[str, Any] = {
            name: cleaned[name] for name in ("repository", "tier", "model", "label") if name in self.fields
        }
        return {**values, "headings": {name: cleaned[f"heading_{name}"] for name in FIELDS}}


class IssuesFileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput({"accept": ".json,application/json"}),
        help_text=_("GitHub’s JSON of the issues, at most 20 MiB and 2,000 issues."),
    )

    def clean_file(self) -> bytes:
        """No more of it is read than could be taken."""
        found: bytes = self.cleaned_data["file"].read(LARGEST_FILE + 1)
        if len(found) > LARGEST_FILE:
            raise ValidationError(_("The file is larger than 20 MiB."))
        return found
