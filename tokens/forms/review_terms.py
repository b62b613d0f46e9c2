"""What administrators fill in of the terms of a kind of access request, and of a group of reviewers."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tokens.models import ReviewGroup, ReviewTerms
from tokens.policies.review_desk import MOST_HOURS


class TermsForm(forms.Form):
    """One a kind, each with its prefix. `groups` are read once for all of them."""

    target_hours = forms.IntegerField(
        label=_("Answered within, hours"),
        min_value=1,
        max_value=MOST_HOURS,
        help_text=_("From the sending. The time that it waits for the applicant does not count."),
    )
    approvals = forms.TypedChoiceField(
        label=_("Approvals needed"),
        choices=[("1", _("One")), ("2", _("Two, by two people"))],
        coerce=int,
        widget=forms.RadioSelect,
    )
    group = forms.ChoiceField(label=_("Reviewed by"), required=False)
    escalate_hours = forms.IntegerField(
        label=_("Brought to others after, hours"), min_value=1, max_value=MOST_HOURS, required=False
    )
    escalation_group = forms.ChoiceField(label=_("Brought to"), required=False)

    def __init__(self, *args: Any, groups: Sequence[ReviewGroup], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._groups = {group.public_id: group for group in groups}
        names = [(group.public_id, group.name) for group in groups]
        for name, nobody in (("group", _("all reviewers")), ("escalation_group", _("nobody"))):
            _offer(self, name, [("", nobody), *names])

    def clean_group(self) -> ReviewGroup | None:
        return self._groups.get(self.cleaned_data["group"])

    def clean_escalation_group(self) -> ReviewGroup | None:
        return self._groups.get(self.cleaned_data["escalation_group"])


def of_terms(terms: ReviewTerms) -> dict[str, Any]:
    """What the form of a kind starts from."""
    return {
        "target_hours": terms.target_hours,
        "escalate_hours": terms.escalate_hours,
        "approvals": str(terms.approvals),
        "group": terms.group.public_id if terms.group else "",
        "escalation_group": terms.escalation_group.public_id if terms.escalation_group else "",
    }


class GroupForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)
    members = forms.MultipleChoiceField(label=_("Members"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {person.public_id: person for person in people}
        _offer(self, "members", [(person.public_id, person.display_name) for person in people])

    def clean_members(self) -> list[User]:
        return [self._people[public_id] for public_id in self.cleaned_data["members"]]


def _offer(form: forms.Form, name: str, choices: list[tuple[str, Any]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices
