"""What administrators fill in of a rule: a row for each condition there is, to be ticked, and what the rule does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from babel.numbers import get_currency_precision
from django import forms
from django.conf import settings
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tiers.forms.limits import LimitsForm
from tiers.models import LIMITS
from tokens.models import RuleEffect, RuleVersion, SignalKind
from tokens.policies.rules import MOST as MOST_NUMBER
from tokens.policies.rules import MOST_DAYS
from tokens.rules.conditions import ANY, CONDITIONS, Condition, Takes

Choices = Sequence[tuple[str, str | Promise]]
ON: Final = "on_"
_SECTIONS: Final[tuple[tuple[Promise, tuple[str, ...]], ...]] = (
    (
        _("What is asked for"),
        ("tier", "model", "volume_at_most", "volume_at_least", "language", "imported", "not_imported"),
    ),
    (_("Who asks"), ("domain_proved", "account_days", "email_confirmed", "second_factor")),
    (_("Signals"), ("no_bad_signal", "signals_in_order", "signals_warn")),
    (_("What was before"), ("approved_before", "never_rejected", "paid", "calls", "refused_share")),
)
_SIGNS: Final = {"at_most": _("At most"), "at_least": _("At least")}


@dataclass(frozen=True, slots=True)
class Offered:
    """What there is to choose from: slugs, names, codes and public ids with what they are called."""

    tiers: Choices
    models: Choices
    currencies: Choices
    groups: Choices
    people: Choices


@dataclass(frozen=True, slots=True)
class Row:
    """One condition in the form: the box to tick, and what it is filled in with."""

    on: BoundField
    values: list[BoundField]


@dataclass(frozen=True, slots=True)
class Section:
    label: Promise
    rows: list[Row]


class RuleForm(LimitsForm):
    """`effect` is fixed for a rule that there is. Which conditions are chosen is what is ticked."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Reviewers see it where the rule was used."))
    position = forms.IntegerField(
        label=pgettext_lazy("rule", "Order"),
        min_value=1,
        max_value=9999,
        initial=100,
        help_text=_("The lowest is tried first. Of rules that approve, the first that fits does."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, effect: str, offered: Offered, **given: Any) -> None:
        super().__init__(data, **given)
        self.effect, self.offered = effect, offered
        for condition in CONDITIONS.values():
            self.fields[ON + condition.field] = forms.BooleanField(label=str(condition.label), required=False)
            self.fields |= _values(condition, offered)
        if effect == RuleEffect.APPROVE:
            self.fields |= _of_approving(offered)
            return
        for name in LIMITS:
            del self.fields[name]
        self.fields |= _of_routing(offered)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for condition in self._ticked(cleaned):
            name = condition.field
            if condition.takes is not Takes.NOTHING and name not in self.errors and cleaned.get(name) in (None, []):
                self.add_error(name, _("Fill in what this condition needs."))
        if not any(True for _condition in self._ticked(cleaned)):
            self.add_error(None, _("Choose at least one condition: a rule that asks for nothing fits nothing."))
        return cleaned

    def conditions(self) -> list[dict[str, Any]]:
        """Those that are ticked, as `actions.rules` takes them."""
        return [
            {"field": condition.field, "value": self._value(condition)} for condition in self._ticked(self.cleaned_data)
        ]

    def actions(self) -> dict[str, Any]:
        values = self.cleaned_data
        if self.effect == RuleEffect.APPROVE:
            limits = {name: values[name] for name in LIMITS}
            return {"tier": values["give_tier"], "days": values["days"], "limits": limits}
        return {name: values[name] for name in ("group", "person", "escalate")}

    @property
    def sections(self) -> list[Section]:
        return [Section(label, [self._row(field) for field in fields]) for label, fields in _SECTIONS]

    def _row(self, field: str) -> Row:
        names = [name for name in (field, f"{field}_currency") if name in self.fields]
        return Row(self[ON + field], [self[name] for name in names])

    def _ticked(self, values: Mapping[str, Any]) -> Iterator[Condition]:
        return (condition for condition in CONDITIONS.values() if values.get(ON + condition.field))

    def _value(self, condition: Condition) -> Any:
        if condition.takes is Takes.NOTHING:
            return True
        value = self.cleaned_data[condition.field]
        if condition.takes is not Takes.MONEY:
            return value
        currency = self.cleaned_data[f"{condition.field}_currency"] or self.offered.currencies[0][0]
        return {"amount": int(value.scaleb(get_currency_precision(currency))), "currency": currency}


def of_version(version: RuleVersion) -> dict[str, Any]:
    """What the form of a rule starts from. A condition that is not known any more is left out."""
    initial: dict[str, Any] = {"name": version.rule.name, "position": version.rule.position}
    for row in version.conditions:
        condition = CONDITIONS.get(row["field"])
        if condition is not None:
            initial |= {ON + condition.field: True, **_initial(condition, row["value"])}
    actions: dict[str, Any] = version.actions
    if version.rule.effect == RuleEffect.APPROVE:
        return initial | {"give_tier": actions["tier"], "days": actions["days"], **actions["limits"]}
    return initial | actions


def _initial(condition: Condition, value: Any) -> dict[str, Any]:
    if condition.takes is not Takes.MONEY:
        return {condition.field: value}
    whole = Decimal(value["amount"]).scaleb(-get_currency_precision(value["currency"]))
    return {condition.field: whole, f"{condition.field}_currency": value["currency"]}


def _values(condition: Condition, offered: Offered) -> dict[str, forms.Field]:
    name = condition.field
    match condition.takes:
        case Takes.NOTHING:
            return {}
        case Takes.TIERS:
            return {name: _several(_("Tiers"), offered.tiers)}
        case Takes.MODELS:
            choices = [(ANY, _("any model")), *offered.models]
            return {name: forms.MultipleChoiceField(label=_("Models"), choices=choices, required=False)}
        case Takes.SIGNALS:
            return {name: _several(_("Signals"), SignalKind.choices)}
        case Takes.LANGUAGES:
            return {name: _several(_("Languages"), settings.LANGUAGES)}
        case Takes.MONEY:
            amount = forms.DecimalField(
                label=_("At least"), required=False, min_value=Decimal(0), max_digits=9, decimal_places=2
            )
            currency = forms.ChoiceField(label=_("Currency"), choices=offered.currencies, required=False)
            return {name: amount, f"{name}_currency": currency}
    most = 100 if condition.takes is Takes.PERCENT else MOST_NUMBER
    label = _SIGNS[condition.sign]
    return {name: forms.IntegerField(label=label, required=False, min_value=0, max_value=most)}


def _several(label: Any, choices: Choices) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple)


def _of_approving(offered: Offered) -> dict[str, forms.Field]:
    tiers = [("", _("what is asked for")), *offered.tiers]
    return {
        "give_tier": forms.ChoiceField(
            label=_("Gives at most"),
            choices=tiers,
            required=False,
            help_text=_("Never more than was asked for. Models are given as asked."),
        ),
        "days": forms.IntegerField(
            label=_("For so many days"),
            required=False,
            min_value=1,
            max_value=MOST_DAYS,
            help_text=_("Empty: without an end."),
        ),
    }


def _of_routing(offered: Offered) -> dict[str, forms.Field]:
    nobody = [("", "–")]
    return {
        "group": forms.ChoiceField(label=_("To the group"), choices=[*nobody, *offered.groups], required=False),
        "person": forms.ChoiceField(label=_("To the reviewer"), choices=[*nobody, *offered.people], required=False),
        "escalate": forms.BooleanField(label=_("Bring it before the second group at once"), required=False),
    }


class SwitchForm(forms.Form):
    """`seen` is empty where no version was on."""

    number = forms.IntegerField(min_value=1, max_value=MOST_NUMBER)
    seen = forms.IntegerField(min_value=1, max_value=MOST_NUMBER, required=False)
