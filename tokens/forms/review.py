"""What a reviewer fills in. No decision is preselected; what is needed for which decision, the actions know too."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.clock import NOT_PAST_LAST_DAY
from tiers.facts import ModelFacts
from tiers.forms.limits import LimitsForm
from tiers.limit_rules import as_columns
from tiers.models import LIMITS, Tier
from tokens.models import AccessRequest, CannedReply, Decision
from tokens.replies import fill, label_of, text_for

APPROVED, CHANGES, REJECTED = "approved", "changes", "rejected"
DECISIONS: Final = [(APPROVED, _("Approve")), (CHANGES, _("Ask")), (REJECTED, _("Reject"))]
NEVER, ON_A_DAY = "never", "day"
ALL_OF_IT: Final = "all"
PERMISSIONS: Final = [(ALL_OF_IT, _("Generate and download")), ("generate", _("Generate only"))]
AS_FIRST: Final = ("first", _("As in the first approval"))
NO_TIER: Final = "none"
ENDS: Final = [("90", _("90 days")), ("365", _("1 year")), (NEVER, _("Never")), (ON_A_DAY, _("On a day"))]


def _terms(first: Decision) -> dict[str, Any]:
    may = "generate" if first.permissions == ["generate"] else ALL_OF_IT
    tier = first.tier.slug if first.tier else NO_TIER
    given = {"tier": tier, "models": first.chosen_models, "permissions": may, "until": AS_FIRST[0]}
    return {**given, **as_columns(first.limit_facts)}


class TermsForm(LimitsForm):
    """What an approval gives: as much as was asked for, or less."""

    tier = forms.ChoiceField(label=_("Tier"), required=False)
    models = forms.MultipleChoiceField(
        label=_("Models of the asked tier, one by one"),
        help_text=_("Beside a lower tier, or in place of any. Models that join the tier later are not among them."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    permissions = forms.ChoiceField(
        label=_("May"), choices=PERMISSIONS, widget=forms.RadioSelect, required=False, initial=ALL_OF_IT
    )
    until = forms.ChoiceField(label=_("Ends"), choices=ENDS, widget=forms.RadioSelect, required=False, initial="365")
    day = forms.DateField(
        label=_("Last day"),
        required=False,
        validators=[NOT_PAST_LAST_DAY],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        tiers: Sequence[Tier],
        models: Sequence[ModelFacts],
        first: Decision | None = None,
        **given: Any,
    ) -> None:
        """`tiers` and `models`: what may be given, the asked tier first. `first`: the first of two approvals, whose
        terms the second starts from. Not its words: sent with another decision, they would welcome whom it rejects."""
        if first is not None:
            given["initial"] = {**_terms(first), **given.get("initial", {})}
        super().__init__(data, **given)
        self.first = first
        if first is not None:
            self.fields["until"] = forms.ChoiceField(
                label=_("Ends"), choices=[AS_FIRST, *ENDS], widget=forms.RadioSelect, required=False
            )
        self.tiers = {tier.slug: tier for tier in tiers}
        if tiers:
            choices = [(tier.slug, tier.slug) for tier in tiers]
            if models:
                choices.append((NO_TIER, gettext("No tier, only models of it")))
            self.fields["tier"] = forms.ChoiceField(label=_("Tier"), choices=choices, required=False)
            del self.fields["permissions"]
            self.offer(models, [model.name for model in models])
        else:
            for name in ("tier", "models", *LIMITS):
                del self.fields[name]

    def offer(self, models: Sequence[ModelFacts], new: Collection[str]) -> None:
        """`new`: those that the application may not use yet, by name. They come first; the others are named as held."""
        field = self.fields.get("models")
        if not isinstance(field, forms.MultipleChoiceField):
            return
        labels = {model.name: f"{model.name} · {model.tier}" for model in models}
        held = {name: gettext("%(model)s, held") % {"model": labels[name]} for name in labels if name not in new}
        offered = {name: label for name, label in labels.items() if name in new}
        field.choices = list({**offered, **held}.items())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.gives and cleaned.get("until") == ON_A_DAY and not cleaned.get("day"):
            self.add_error("day", _("Choose the last day."))
        if self.gives and cleaned.get("tier") == NO_TIER and not cleaned.get("models") and "models" not in self.errors:
            self.add_error("models", _("Choose at least one model, or a tier."))
        return cleaned

    @property
    def gives(self) -> bool:
        """Whether what is filled in here counts."""
        return True

    def tier_chosen(self) -> Tier | None:
        """None with `models`: these alone."""
        return self.tiers.get(self.cleaned_data.get("tier", ""))

    def models_chosen(self) -> Sequence[str]:
        return self.cleaned_data.get("models") or ()

    def may(self) -> tuple[str, ...]:
        """Of a model; none named means all."""
        return ("generate",) if self.cleaned_data.get("permissions") == "generate" else ()

    def ends_at(self, now: datetime) -> datetime | None:
        """The instant at which the grant ends; None for never. A last day is counted whole, in UTC."""
        chosen = self.cleaned_data.get("until") or NEVER
        if chosen == AS_FIRST[0] and self.first is not None:
            return self.first.until
        if chosen == NEVER:
            return None
        if chosen == ON_A_DAY:
            return datetime.combine(self.cleaned_data["day"], time.min, tzinfo=UTC) + timedelta(days=1)
        return now + timedelta(days=int(chosen))


def _decision() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Decision"),
        choices=DECISIONS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a decision: approve, ask or reject.")},
    )


class DecisionForm(TermsForm):
    """`version` is the row version that the reviewer saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    decision = _decision()
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": _("Optional when you approve, needed otherwise")}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("decision") in (CHANGES, REJECTED) and not cleaned.get("note", "").strip():
            self.add_error("note", _("Say why, or what is missing. The applicant reads this."))
        return cleaned

    @property
    def gives(self) -> bool:
        return bool(self.cleaned_data.get("decision") == APPROVED)


class ReplyField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Generic in the stubs alone.
    def label_from_instance(self, obj: CannedReply) -> str:
        return label_of(obj, get_language() or "")


class BulkForm(forms.Form):
    """One decision for many. `batch` names the going through it, so that a form sent twice decides once."""

    batch = forms.RegexField(r"^[0-9a-z]{12}$", widget=forms.HiddenInput)
    decision = _decision()
    until = forms.ChoiceField(
        label=_("Ends"), choices=ENDS[:3], widget=forms.RadioSelect, required=False, initial="365"
    )
    reply = ReplyField(
        label=_("Reply"),
        queryset=CannedReply.objects.filter(retired_at=None),
        to_field_name="public_id",
        required=False,
        empty_label=_("None"),
        help_text=_("Each applicant gets it in their own language."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        help_text=_("Each applicant reads it. {application} and other placeholders are filled in."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        silent = not cleaned.get("note", "").strip() and not cleaned.get("reply")
        if cleaned.get("decision") in (CHANGES, REJECTED) and silent:
            self.add_error("note", _("Say why, or what is missing. The applicant reads this."))
        return cleaned

    def text(self, access_request: AccessRequest) -> str:
        """What this applicant reads."""
        reply, note = self.cleaned_data.get("reply"), self.cleaned_data["note"]
        texts = [text_for(reply, access_request)] if reply else []
        return "\n\n".join([*texts, *([fill(note, access_request)] if note.strip() else [])])

    def ends_at(self, now: datetime) -> datetime | None:
        chosen = self.cleaned_data.get("until") or NEVER
        return None if chosen == NEVER else now + timedelta(days=int(chosen))


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is reopened"),
        help_text=_("The applicant reads this."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
