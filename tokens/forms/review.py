"""What a reviewer fills in. No decision is preselected; what is needed for which decision, the actions know too."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.clock import NOT_PAST_LAST_DAY
from tiers.forms.limits import LimitsForm
from tiers.models import LIMITS, Tier

APPROVED, CHANGES, REJECTED = "approved", "changes", "rejected"
DECISIONS: Final = [(APPROVED, _("Approve")), (CHANGES, _("Ask")), (REJECTED, _("Reject"))]
NEVER, ON_A_DAY = "never", "day"
ENDS: Final = [("90", _("90 days")), ("365", _("1 year")), (NEVER, _("Never")), (ON_A_DAY, _("On a day"))]

# Texts to insert and edit. Each says what the applicant can do about it.
CANNED: Final = [
    (_("Say what it does"), _("Please say in a few sentences what the application does and who uses it.")),
    (_("Prove the domain"), _("Please prove the domain on the application's page first, so that we know it is yours.")),
    (
        _("Secret token in a browser"),
        _("A secret token was seen in a browser. Use a publishable token there, and rotate the secret one."),
    ),
    (
        _("Looks like resale"),
        _("This looks like reselling access. Please say who pays for what, and under which terms."),
    ),
    (_("Usage does not need it yet"), _("Your usage fits the tier you have. Ask again once you come near its limits.")),
    (_("Duplicate"), _("There is another access request of yours for the same purpose. We handle that one.")),
]


class DecisionForm(LimitsForm):
    """`version` is the row version that the reviewer saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=DECISIONS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a decision: approve, ask or reject.")},
    )
    tier = forms.ChoiceField(label=_("Tier"), required=False)
    until = forms.ChoiceField(label=_("Ends"), choices=ENDS, widget=forms.RadioSelect, required=False, initial="365")
    day = forms.DateField(
        label=_("Last day"),
        required=False,
        validators=[NOT_PAST_LAST_DAY],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": _("Optional when you approve, needed otherwise")}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, tiers: Sequence[Tier], **given: Any) -> None:
        super().__init__(data, **given)
        self.tiers = {tier.slug: tier for tier in tiers}
        if tiers:
            choices = [(tier.slug, tier.slug) for tier in tiers]
            self.fields["tier"] = forms.ChoiceField(label=_("Tier"), choices=choices, required=False)
        else:
            for name in ("tier", *LIMITS):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") in (CHANGES, REJECTED) and not cleaned.get("note", "").strip():
            self.add_error("note", _("Say why, or what is missing. The applicant reads this."))
        if cleaned.get("decision") == APPROVED and cleaned.get("until") == ON_A_DAY and not cleaned.get("day"):
            self.add_error("day", _("Choose the last day."))
        return cleaned

    def tier_chosen(self) -> Tier | None:
        return self.tiers.get(self.cleaned_data.get("tier", ""))

    def ends_at(self, now: datetime) -> datetime | None:
        """The instant at which the grant ends; None for never. A last day is counted whole, in UTC."""
        chosen = self.cleaned_data.get("until") or NEVER
        if chosen == NEVER:
            return None
        if chosen == ON_A_DAY:
            return datetime.combine(self.cleaned_data["day"], time.min, tzinfo=UTC) + timedelta(days=1)
        return now + timedelta(days=int(chosen))
