"""What reviewers fill in to share the work: whose it is, until when it is put off, and who reads what they write."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User

REVIEWERS, APPLICANT = "reviewers", "applicant"
TOMORROW, MONDAY, WEEK, ANSWER, ON_A_DAY = "tomorrow", "monday", "week", "answer", "day"
# When a working day begins, UTC.
MORNING: Final = time(8, tzinfo=UTC)
NOBODY: Final = ""


class RemarkForm(forms.Form):
    """Nothing is chosen at first: what reviewers say of an applicant must not reach them by a slip."""

    to = forms.ChoiceField(
        label=gettext_lazy("Who reads it"),
        choices=[(REVIEWERS, gettext_lazy("Reviewers only")), (APPLICANT, gettext_lazy("The applicant"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who reads it: reviewers, or the applicant.")},
    )
    text = forms.CharField(label=gettext_lazy("Message"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    @property
    def internal(self) -> bool:
        return bool(self.cleaned_data["to"] == REVIEWERS)


class SeenForm(forms.Form):
    """`version` is the row version that the reviewer saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def look_again(self, version: int) -> None:
        """What was typed stays, on the version that is now being looked at."""
        self.data = {**dict(self.data.items()), self.add_prefix("version"): version}


class TakeOverForm(SeenForm):
    prefix = "take"
    word = forms.CharField(
        label=gettext_lazy("A word to them"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


class AssignForm(SeenForm):
    """`to` is a reviewer's public id, or nobody."""

    prefix = "assign"
    to = forms.ChoiceField(label=gettext_lazy("Whose it is to decide"), required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, people: Iterable[User], **given: Any) -> None:
        super().__init__(data, **given)
        self.people = {person.public_id: person for person in people}
        names = [(public_id, person.display_name) for public_id, person in self.people.items()]
        self.fields["to"] = forms.ChoiceField(
            label=gettext_lazy("Whose it is to decide"), choices=[(NOBODY, _("Nobody")), *names], required=False
        )

    def chosen(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class SnoozeForm(SeenForm):
    prefix = "snooze"
    until = forms.ChoiceField(
        label=gettext_lazy("Put off until"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose until when.")},
    )
    day = forms.DateField(
        label=gettext_lazy("Day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, now: datetime, **given: Any) -> None:
        super().__init__(data, **given)
        self.moments = {
            TOMORROW: morning(now, 1),
            MONDAY: morning(now, 7 - now.astimezone(UTC).weekday()),
            WEEK: morning(now, 7),
        }
        # On a Sunday it is tomorrow, and on a Monday in a week.
        is_twice = self.moments[MONDAY] in {self.moments[TOMORROW], self.moments[WEEK]}
        offered = [name for name in self.moments if not (name == MONDAY and is_twice)]
        words = {TOMORROW: _("Tomorrow morning"), MONDAY: _("Monday"), WEEK: _("In a week")}
        until = forms.ChoiceField(
            label=gettext_lazy("Put off until"),
            choices=[
                *((name, _dated(words[name], self.moments[name])) for name in offered),
                (ANSWER, _("The applicant answers")),
                (ON_A_DAY, _("A day of my own")),
            ],
            widget=forms.RadioSelect,
            error_messages={"required": gettext_lazy("Choose until when.")},
        )
        self.fields["until"] = until

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("until") == ON_A_DAY and not cleaned.get("day"):
            self.add_error("day", _("Choose the day."))
        return cleaned

    def moment(self) -> datetime | None:
        """None: until the applicant answers."""
        if self.cleaned_data["until"] == ON_A_DAY:
            return datetime.combine(self.cleaned_data["day"], MORNING)
        return self.moments.get(self.cleaned_data["until"])


def morning(now: datetime, days: int) -> datetime:
    """The beginning of the working day so many days on."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=days), MORNING)


def _dated(words: str, moment: datetime) -> str:
    return format_html("{} <small>{}</small>", words, date_format(moment, "D j M"))
