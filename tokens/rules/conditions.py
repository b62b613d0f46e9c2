"""The conditions that a rule can be made of: one table, each with its words and its test on known facts.

Pure. What was not read, or could not be checked, is None here, and no condition about it ever holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tiers.money import price
from tokens.models.signals import SignalKind, SignalState

ANY: Final = "*"
_LOOK_CLOSER: Final = frozenset({SignalState.WARN, SignalState.BAD})


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Takes(StrEnum):
    """What a condition is filled in with."""

    NOTHING = "nothing"
    NUMBER = "number"
    PERCENT = "percent"
    MONEY = "money"
    TIERS = "tiers"
    MODELS = "models"
    SIGNALS = "signals"
    LANGUAGES = "languages"


class Part(StrEnum):
    """Facts that are read together, and only where a rule asks for them."""

    SIGNALS = "signals"
    DOMAINS = "domains"
    SIGN_IN = "sign_in"
    HISTORY = "history"
    PAID = "paid"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one access request, as of the moment at which its signals were gathered.

    `model` and `tier`: one of them is empty. `signals` is the state by kind; None where nothing was gathered. `paid` is
    in minor units by currency. `calls` and `refused` are of 28 days. `insiders` are the primary keys of the members of
    the workspace that asks. `suspended`: the workspace, the application or the person is."""

    tier: str = ""
    model: str = ""
    expected_volume: int | None = None
    language: str = ""
    imported: bool = False
    account_days: int = 0
    approvals_needed: int = 1
    suspended: bool = False
    insiders: frozenset[int] = frozenset()
    signals: Mapping[str, str] | None = None
    domains: int | None = None
    domains_proved: int | None = None
    email_confirmed: bool | None = None
    second_factor: bool | None = None
    approved_before: int | None = None
    rejected_before: int | None = None
    paid: Mapping[str, int] | None = None
    calls: int | None = None
    refused: int | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """`sign` is the operator as it is stored beside the value. `words` says it with a value, `found` what was found."""

    field: str
    sign: str
    takes: Takes
    label: Promise
    words: Callable[[Any], str]
    test: Callable[[Facts, Any], Answer]
    found: Callable[[Facts], str] = lambda facts: ""
    part: Part | None = None


def answer(held: bool | None) -> Answer:
    if held is None:
        return Answer.UNKNOWN
    return Answer.YES if held else Answer.NO


# --- Tests -----------------------------------------------------------------------------------------------


def _at_most(found: int | None, most: int) -> Answer:
    return answer(None if found is None else found <= most)


def _at_least(found: int | None, least: int) -> Answer:
    return answer(None if found is None else found >= least)


def _no_bad(facts: Facts, _value: Any) -> Answer:
    """A bad signal settles it; else one that could not be checked might have been."""
    if facts.signals is None:
        return Answer.UNKNOWN
    states = set(facts.signals.values())
    if SignalState.BAD in states:
        return Answer.NO
    return answer(None if SignalState.UNKNOWN in states or not states else True)


def _none_warns(facts: Facts, kinds: list[str]) -> Answer:
    states = _states(facts, kinds)
    if states & _LOOK_CLOSER:
        return Answer.NO
    return answer(None if SignalState.UNKNOWN in states else True)


def _some_warns(facts: Facts, kinds: list[str]) -> Answer:
    states = _states(facts, kinds)
    if states & _LOOK_CLOSER:
        return Answer.YES
    return answer(None if SignalState.UNKNOWN in states else False)


def _states(facts: Facts, kinds: list[str]) -> set[str]:
    """What was not gathered is as good as not checked."""
    gathered = facts.signals or {}
    return {gathered.get(kind, SignalState.UNKNOWN) for kind in kinds}


def _proved(facts: Facts, _value: Any) -> Answer:
    if facts.domains is None or facts.domains_proved is None:
        return Answer.UNKNOWN
    return answer(facts.domains > 0 and facts.domains == facts.domains_proved)


def _paid(facts: Facts, value: Mapping[str, Any]) -> Answer:
    return Answer.UNKNOWN if facts.paid is None else _at_least(facts.paid.get(value["currency"], 0), value["amount"])


def _share(facts: Facts) -> float | None:
    """None as well where nothing was called: nothing speaks for it then."""
    if facts.refused is None or not facts.calls:
        return None
    return 100 * facts.refused / facts.calls


# --- Words -----------------------------------------------------------------------------------------------


def _number(sentence: Promise) -> Callable[[Any], str]:
    return lambda value: str(sentence) % {"number": _grouped(value)}


def _listed(sentence: Promise, name: Callable[[str], str] = str) -> Callable[[Any], str]:
    return lambda values: str(sentence) % {"list": _(", ").join(name(value) for value in values)}


def _days(value: int) -> str:
    sentence = ngettext(
        "the account is %(number)d day old or older", "the account is %(number)d days old or older", value
    )
    return sentence % {"number": value}


def _times(value: int) -> str:
    sentence = ngettext(
        "at least %(number)d earlier access request of the workspace was approved",
        "at least %(number)d earlier access requests of the workspace were approved",
        value,
    )
    return sentence % {"number": value}


def _signal(kind: str) -> str:
    return str(SignalKind(kind).label) if kind in SignalKind.values else kind


def _model(name: str) -> str:
    return _("any") if name == ANY else name


def _language(code: str) -> str:
    return str(dict(settings.LANGUAGES).get(code, code))


def _grouped(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)


def _shown(value: int | None) -> str:
    return "" if value is None else _grouped(value)


def _of_domains(facts: Facts) -> str:
    return "" if facts.domains is None else f"{facts.domains_proved} / {facts.domains}"


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else _("yes") if value else _("no")


def _of_signals(facts: Facts) -> str:
    """Those that speak against it, or could not be checked."""
    if facts.signals is None:
        return _("not gathered")
    told = {SignalState.WARN, SignalState.BAD, SignalState.UNKNOWN}
    named = [f"{_signal(kind)}: {SignalState(state).label}" for kind, state in facts.signals.items() if state in told]
    return _(", ").join(named) or _("all in order")


# --- The table -------------------------------------------------------------------------------------------


def _fixed(field: str, label: Promise, test: Callable[[Facts, Any], Answer], **more: Any) -> Condition:
    return Condition(field, "true", Takes.NOTHING, label, lambda _value: str(label), test, **more)


_CONDITIONS: Final = (
    Condition(
        "tier",
        "one_of",
        Takes.TIERS,
        gettext_lazy("asks for one of these tiers"),
        _listed(gettext_lazy("asks for the tier %(list)s")),
        lambda facts, slugs: answer(facts.tier in slugs),
        lambda facts: facts.tier or _("a model"),
    ),
    Condition(
        "model",
        "one_of",
        Takes.MODELS,
        gettext_lazy("asks for one of these models"),
        _listed(gettext_lazy("asks for the model %(list)s"), _model),
        lambda facts, names: answer(bool(facts.model) and (ANY in names or facts.model in names)),
        lambda facts: facts.model or _("a tier"),
    ),
    Condition(
        "volume_at_most",
        "at_most",
        Takes.NUMBER,
        gettext_lazy("expects at most so many calls a day"),
        _number(gettext_lazy("expects at most %(number)s calls a day")),
        lambda facts, most: _at_most(facts.expected_volume, most),
        lambda facts: _shown(facts.expected_volume),
    ),
    Condition(
        "volume_at_least",
        "at_least",
        Takes.NUMBER,
        gettext_lazy("expects at least so many calls a day"),
        _number(gettext_lazy("expects at least %(number)s calls a day")),
        lambda facts, least: _at_least(facts.expected_volume, least),
        lambda facts: _shown(facts.expected_volume),
    ),
    Condition(
        "language",
        "one_of",
        Takes.LANGUAGES,
        gettext_lazy("the applicant reads one of these languages"),
        _listed(gettext_lazy("the applicant reads %(list)s"), _language),
        lambda facts, codes: answer(facts.language in codes if facts.language else None),
        lambda facts: _language(facts.language),
    ),
    _fixed("imported", gettext_lazy("was brought in from GitHub"), lambda facts, _value: answer(facts.imported)),
    _fixed(
        "not_imported", gettext_lazy("was not brought in from GitHub"), lambda facts, _value: answer(not facts.imported)
    ),
    _fixed(
        "domain_proved",
        gettext_lazy("the application has a domain, and all its domains are proved"),
        _proved,
        found=_of_domains,
        part=Part.DOMAINS,
    ),
    Condition(
        "account_days",
        "at_least",
        Takes.NUMBER,
        gettext_lazy("the account is at least so many days old"),
        _days,
        lambda facts, least: _at_least(facts.account_days, least),
        lambda facts: _shown(facts.account_days),
    ),
    _fixed(
        "email_confirmed",
        gettext_lazy("the e-mail address is confirmed"),
        lambda facts, _value: answer(facts.email_confirmed),
        found=lambda facts: _yes_or_no(facts.email_confirmed),
        part=Part.SIGN_IN,
    ),
    _fixed(
        "second_factor",
        gettext_lazy("signs in with a passkey or a second factor"),
        lambda facts, _value: answer(facts.second_factor),
        found=lambda facts: _yes_or_no(facts.second_factor),
        part=Part.SIGN_IN,
    ),
    _fixed(
        "no_bad_signal",
        gettext_lazy("all signals could be checked, and none speaks against it"),
        _no_bad,
        found=_of_signals,
        part=Part.SIGNALS,
    ),
    Condition(
        "signals_in_order",
        "below_warn",
        Takes.SIGNALS,
        gettext_lazy("these signals could be checked, and none asks to look closer"),
        _listed(gettext_lazy("nothing to look closer at: %(list)s"), _signal),
        _none_warns,
        _of_signals,
        Part.SIGNALS,
    ),
    Condition(
        "signals_warn",
        "warn",
        Takes.SIGNALS,
        gettext_lazy("one of these signals asks to look closer, or speaks against it"),
        _listed(gettext_lazy("something to look closer at: %(list)s"), _signal),
        _some_warns,
        _of_signals,
        Part.SIGNALS,
    ),
    Condition(
        "approved_before",
        "at_least",
        Takes.NUMBER,
        gettext_lazy("so many earlier access requests of the workspace were approved"),
        _times,
        lambda facts, least: _at_least(facts.approved_before, least),
        lambda facts: _shown(facts.approved_before),
        Part.HISTORY,
    ),
    _fixed(
        "never_rejected",
        gettext_lazy("no earlier access request of the workspace was rejected"),
        lambda facts, _value: _at_most(facts.rejected_before, 0),
        found=lambda facts: _shown(facts.rejected_before),
        part=Part.HISTORY,
    ),
    Condition(
        "paid",
        "at_least",
        Takes.MONEY,
        gettext_lazy("the workspace has paid at least so much"),
        lambda value: _("the workspace has paid at least %(price)s") % {"price": price(**value)},
        _paid,
        lambda facts: _(", ").join(price(amount, currency) for currency, amount in (facts.paid or {}).items()),
        Part.PAID,
    ),
    Condition(
        "calls",
        "at_least",
        Takes.NUMBER,
        gettext_lazy("the workspace made at least so many calls in 28 days"),
        _number(gettext_lazy("the workspace made at least %(number)s calls in 28 days")),
        lambda facts, least: _at_least(facts.calls, least),
        lambda facts: _shown(facts.calls),
        Part.CALLS,
    ),
    Condition(
        "refused_share",
        "at_most",
        Takes.PERCENT,
        gettext_lazy("of its calls in 28 days at most so many in a hundred were refused"),
        lambda value: _("of its calls in 28 days at most %(number)d %% were refused") % {"number": value},
        lambda facts, most: answer(None if (share := _share(facts)) is None else share <= most),
        lambda facts: "" if (share := _share(facts)) is None else f"{share:.1f} %",
        Part.CALLS,
    ),
)
CONDITIONS: Final[Mapping[str, Condition]] = {condition.field: condition for condition in _CONDITIONS}
