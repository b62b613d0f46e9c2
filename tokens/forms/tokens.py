"""What a developer fills in about a token."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.clock import NOT_PAST_LAST_DAY, now
from accounts.ids import new_public_id
from tiers.forms.limits import LimitsForm
from tiers.models import LIMITS, GrantPermission, Operation
from tiers.words import said
from tokens.models import Application, Token, TokenKind
from tokens.policies.tokens import DEFAULT_EXPIRY_DAYS
from tokens.restrictions import Restrictions

NEVER, ON_A_DAY = "never", "day"
ENDS: Final = [
    ("7", _("7 days")),
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("1 year")),
    (ON_A_DAY, _("On a day")),
    (NEVER, _("Never")),
]
OVERLAPS: Final = {
    "0": (timedelta(0), _("at once"), _("For a secret that nothing uses any more")),
    "1h": (timedelta(hours=1), _("in 1 hour"), _("One place to change")),
    "24h": (timedelta(hours=24), _("in 24 hours"), _("A few servers")),
    "7d": (timedelta(days=7), _("in 7 days"), _("Many servers, slow releases")),
}


# The picture of a rotation is 560 wide, with the present at 170: longer is drawn longer, though not to scale.
_PRESENT: Final = 170
_BEYOND: Final = {"0": 0, "1h": 40, "24h": 200, "7d": 320}


@dataclass(frozen=True, slots=True)
class Overlap:
    """One choice of how long the old secret works on: until when, and how long its bar is."""

    key: str
    until: datetime
    width: int


def overlaps(token: Token, now: datetime) -> list[Overlap]:
    """Each choice, never past the token's own end."""
    ends = {key: now + length for key, (length, _words, _note) in OVERLAPS.items()}
    last = token.expires_at
    return [Overlap(key, min(end, last) if last else end, _PRESENT + _BEYOND[key]) for key, end in ends.items()]


def _kinds() -> list[tuple[str, Any]]:
    card = "<b>{}</b><small>{}</small>"
    secret = format_html(card, pgettext("token", "Secret"), _("For servers. Whoever has it can call as you."))
    publishable = format_html(card, _("Publishable"), _("For browsers. Works from your domains alone."))
    return [(TokenKind.SECRET, secret), (TokenKind.PUBLISHABLE, publishable)]


def _lines(label: Any, help_text: Any, placeholder: str = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2, "class": "mono", "placeholder": placeholder, "spellcheck": "false"})
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=8000, widget=widget)


class RestrictionsForm(LimitsForm):
    """Name and restrictions. Lists are written one a line (commas do as well)."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Where it is used: production, nightly job"),
    )
    models = _lines(_("Models"), _("One a line. Empty: everything that the tier opens."), "gpt-4o-mini")
    operations = forms.MultipleChoiceField(
        label=_("Operations"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None: all of them.")
    )
    permissions = forms.MultipleChoiceField(
        label=_("Permissions"),
        required=False,
        choices=GrantPermission.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: both."),
    )
    addresses = _lines(_("Addresses"), _("Addresses or networks it may be used from, one a line."), "203.0.113.0/24")
    origins = _lines(
        _("Origins"),
        _("Domains whose pages may use it, one a line. Empty, for a publishable token: the application's domains."),
        "app.example.com",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["operations"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(row.slug, said(row.label)) for row in Operation.objects.all()]

    def restrictions(self) -> Restrictions:
        values = self.cleaned_data
        return Restrictions(
            models=split(values["models"]),
            operations=tuple(values["operations"]),
            permissions=tuple(values["permissions"]),
            addresses=split(values["addresses"]),
            origins=split(values["origins"]),
            caps=self.limits(),
        )

    @staticmethod
    def initial_of(token: Token) -> dict[str, Any]:
        return {
            "name": token.name,
            "models": "\n".join(token.allowed_models),
            "operations": token.allowed_operations,
            "permissions": token.allowed_permissions,
            "addresses": "\n".join(token.allowed_addresses),
            "origins": "\n".join(token.allowed_origins),
            **{name: getattr(token, name) for name in LIMITS},
        }


class TokenForm(RestrictionsForm):
    """`once` is the public id that the token will have: the form, sent twice, mints once."""

    once = forms.CharField(max_length=12, widget=forms.HiddenInput)
    application = forms.ChoiceField(label=_("Application"))
    kind = forms.ChoiceField(label=_("Kind"), choices=_kinds, widget=forms.RadioSelect, initial=TokenKind.SECRET)
    ends = forms.ChoiceField(label=_("Ends"), choices=ENDS, widget=forms.RadioSelect, initial=str(DEFAULT_EXPIRY_DAYS))
    day = forms.DateField(
        label=_("Last day"),
        required=False,
        validators=[NOT_PAST_LAST_DAY],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, applications: list[Application], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.applications = {application.public_id: application for application in applications}
        choices = [(application.public_id, application.name) for application in applications]
        self.fields["application"] = forms.ChoiceField(label=_("Application"), choices=choices)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("ends") == ON_A_DAY and not cleaned.get("day") and "day" not in self.errors:
            self.add_error("day", _("Choose the last day."))
        return cleaned

    def expires_at(self) -> datetime | None:
        """The instant at which it ends, None for never. A last day is counted whole, in UTC."""
        ends, moment = self.cleaned_data["ends"], now()
        if ends == NEVER:
            return None
        if ends == ON_A_DAY:
            return datetime.combine(self.cleaned_data["day"], time.min, tzinfo=moment.tzinfo) + timedelta(days=1)
        return moment + timedelta(days=int(ends))


def token_form(applications: list[Application], chosen: str = "") -> TokenForm:
    """An empty one, for a dialog: its ids are its own."""
    initial = {"application": chosen, "once": new_public_id()}
    form = TokenForm(applications=applications, initial=initial, auto_id="new_%s")
    form.fields["name"].widget.attrs["autofocus"] = True
    return form


class RotateForm(forms.Form):
    """`seen`: the last four characters of the secret that is to be replaced."""

    seen = forms.CharField(max_length=4, widget=forms.HiddenInput)
    overlap = forms.ChoiceField(label=_("The old secret stops working"), widget=forms.RadioSelect, initial="24h")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(key, format_html("<b>{}</b><small>{}</small>", b, note)) for key, (_d, b, note) in OVERLAPS.items()]
        field = self.fields["overlap"]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def chosen(self) -> timedelta:
        return OVERLAPS[self.cleaned_data["overlap"]][0]


class RevokeForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    leaked = forms.BooleanField(
        label=_("It has leaked"), required=False, help_text=_("Callers who still send it are told so.")
    )


def renew(form: forms.Form, **hidden: str) -> None:
    """Replace hidden values of a refused form, so that it may be sent once more with all that was typed."""
    data: Any = form.data
    data = data.copy()
    for name, value in hidden.items():
        data[name] = value
    form.data = data


def split(text: str) -> tuple[str, ...]:
    """The entries of a list written one a line, or with commas."""
    return tuple(entry.strip() for line in text.splitlines() for entry in line.split(",") if entry.strip())
