"""What was found out about an access request, in words. Nothing is judged here: the state was found with the fact."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from tiers.money import price
from tokens.evidence.again import is_under_way
from tokens.models import AccessRequest, RequestState, Signal, SignalKind, SignalState
from tokens.models.applications import ProofMethod
from tokens.models.requests import TO_DECIDE

Facts = Mapping[str, Any]
_TONES: Final = {
    SignalState.OK: ("ok", "circle-check"),
    SignalState.NOTICE: ("", "info"),
    SignalState.WARN: ("warn", "triangle-alert"),
    SignalState.BAD: ("bad", "shield-alert"),
    SignalState.UNKNOWN: ("", "circle-help"),
}
_SITE_OF_IPV6: Final = 48
# What is not there by then has no worker that gathers it, or one that waits for a website.
LATE: Final = timedelta(minutes=2)
_PROVIDERS: Final = {"github": "GitHub", "google": "Google", "discord": "Discord"}
_FACTORS: Final = {"webauthn": gettext_lazy("Passkey"), "totp": gettext_lazy("Password and code")}
# Reasons that are ours; all others are what the network said.
_WHY: Final = {
    "fault": gettext_lazy("a fault of ours, which is in the log"),
    "not_known": gettext_lazy("the address is not known"),
    "shared_network": gettext_lazy("the address is of a private or shared network, which tells nobody apart"),
}


@dataclass(frozen=True, slots=True)
class Similar:
    """An access request of somebody else that this one resembles."""

    public_id: str
    note: str


@dataclass(frozen=True, slots=True)
class Told:
    """The words of one fact. `at` belongs to the note, `days` are the calls of each day."""

    value: str
    note: str = ""
    at: datetime | None = None
    similar: list[Similar] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One signal as a page shows it. `tone` ok, warn or bad has a glyph beside it, never colour alone; `state` is said
    to those who see neither. `text` is a stranger's."""

    label: str
    told: Told
    state: str
    tone: str
    icon: str
    checked: datetime
    unknown: bool = False


class Progress(StrEnum):
    """Of the gathering. A page that is `UNDER_WAY` looks again by itself."""

    DONE = "done"
    UNDER_WAY = "under way"
    LATE = "late"
    NEVER = "never"


def progress(access_request: AccessRequest, now: datetime) -> Progress:
    if is_under_way(access_request):
        return Progress.UNDER_WAY
    if access_request.signals_at is not None:
        return Progress.DONE
    if access_request.state not in TO_DECIDE:
        return Progress.NEVER
    return Progress.LATE if now - access_request.updated_at > LATE else Progress.UNDER_WAY


def mark(access_request: AccessRequest) -> str:
    """Another one after each gathering."""
    return access_request.signals_at.isoformat() if access_request.signals_at else ""


def signals(access_request: AccessRequest) -> list[Shown]:
    """What was gathered, in the order of the kinds. One query."""
    found = {signal.kind: signal for signal in Signal.objects.filter(access_request=access_request)}
    return [_shown(found[kind]) for kind in _WORDS if kind in found]


def _shown(signal: Signal) -> Shown:
    state = SignalState(signal.state)
    tone, icon = _TONES[state]
    unknown = state is SignalState.UNKNOWN
    told = _unknown(signal.facts) if unknown else _WORDS[SignalKind(signal.kind)](signal.facts)
    return Shown(str(signal.get_kind_display()), told, str(state.label), tone, icon, signal.at, unknown)


def _unknown(facts: Facts) -> Told:
    why = facts.get("why", "")
    return Told(_("Could not check"), str(_WHY[why]) if why in _WHY else _(why))


def _domain(facts: Facts) -> Told:
    if not facts:
        return Told(_("None given"))
    if not facts["proved"]:
        return Told(facts["host"], _("not proved"))
    if facts["proved"] < facts["all"]:
        return Told(facts["host"], _("%(proved)d of %(all)d proved") % facts)
    method = str(ProofMethod(facts["method"]).label) if facts["method"] in ProofMethod.values else ""
    more = facts["all"] - 1
    if more:
        method = ngettext("and %(number)d more, proved", "and %(number)d more, all proved", more) % {"number": more}
    return Told(facts["host"], method, _moment(facts.get("since")))


def _site(facts: Facts) -> Told:
    if not facts:
        return Told(_("None given"))
    if "title" not in facts:
        return Told(_("Answers %(status)d") % facts, facts["host"])
    note = _("leads to %(host)s") % facts if facts["moved"] else facts["host"]
    return Told(facts["title"] or _("Answers, without a title"), note, text=facts["preview"])


def _same_domain(facts: Facts) -> Told:
    if not facts:
        return Told(_("Nobody else’s"))
    if facts.get("none_given"):
        return Told(_("None given"))
    note = _("and proved there") if facts["proved_there"] else ""
    return Told(facts["host"], note, similar=_similar(facts["requests"]))


def _same_repository(facts: Facts) -> Told:
    if facts.get("none_given"):
        return Told(_("None given"))
    if not facts["requests"]:
        return Told(_("Nobody else’s"), facts["repository"])
    return Told(facts["repository"], similar=_similar(facts["requests"]))


def _same_wording(facts: Facts) -> Told:
    if facts.get("short"):
        return Told(_("Too short to compare"))
    if not facts:
        return Told(_("Nothing like it"))
    return Told(_("%(alike)d %% the same") % facts["requests"][0], similar=_similar(facts["requests"]))


def _similar(found: list[dict[str, Any]]) -> list[Similar]:
    return [Similar(one["id"], _state(one["state"])) for one in found]


def _state(state: str) -> str:
    return str(RequestState(state).label) if state in RequestState.values else ""


def _account(facts: Facts) -> Told:
    return Told(_("Here since"), at=_moment(facts["since"]))


def _identities(facts: Facts) -> Told:
    linked = [_PROVIDERS.get(one["provider"], one["provider"]) for one in facts["linked"]]
    factors = [str(_FACTORS[factor]) for factor in reversed(facts["factors"])]
    note = "" if facts["confirmed"] else _("address not confirmed")
    return Told(_(", ").join([*factors, *linked]) or _("Password alone"), note)


def _mail(facts: Facts) -> Told:
    return Told(_("Of a service for throw-away addresses") if facts["disposable"] else _("An ordinary one"))


def _addresses(facts: Facts) -> Told:
    number = facts["others"]
    if not number:
        return Told(_("Nobody else asked from there"), _("or from near it, within a day"))
    value = ngettext("%(number)d other person asked", "%(number)d other people asked", number)
    if "prefix" not in facts:
        return Told(value % {"number": number}, _("from the same network address, within a day"))
    note = _("from the same network (IPv6 /48), within a day; %(same)d from the very same address")
    if facts["prefix"] != _SITE_OF_IPV6:
        note = _("from the same network (IPv4 /24), within a day; %(same)d from the very same address")
    return Told(value % {"number": number}, note % facts)


def _history(facts: Facts) -> Told:
    if not facts["approved"] and not facts["rejected"]:
        return Told(_("None decided"))
    notes = [_("this one was rejected before")] if facts["again"] else []
    if facts["reopened"]:
        notes.append(ngettext("%(n)d reopened", "%(n)d reopened", facts["reopened"]) % {"n": facts["reopened"]})
    return Told(_("%(approved)d approved, %(rejected)d rejected") % facts, _(", ").join(notes))


def _usage(facts: Facts) -> Told:
    if not facts["calls"]:
        return Told(_("None yet"))
    return Told(_number(facts["calls"]), days=facts["days"])


def _refusals(facts: Facts) -> Told:
    if not facts["calls"]:
        return Told(_("No calls yet"))
    return Told(f"{number_format(facts['percent'], 1)} %", facts["code"])


def _spend(facts: Facts) -> Told:
    sums = [price(amount, currency) for currency, amount in sorted(facts["paid"].items())]
    number = facts["disputes"]
    note = ngettext("%(number)d dispute", "%(number)d disputes", number) % {"number": number} if number else ""
    return Told(_(", ").join(sums) or _("Nothing"), note)


def _volume(facts: Facts) -> Told:
    if not facts:
        return Told(_("Not given"))
    if facts["too_much"]:
        note = _("more than the tier asked for allows")
    else:
        note = _("fits %(tier)s") % {"tier": facts["fits"]} if facts["fits"] else _("more than any tier allows")
    if facts["busiest"]:
        note = _("%(note)s; busiest day %(calls)s") % {"note": note, "calls": _number(facts["busiest"])}
    return Told(_number(facts["expected"]), note)


def _secret_in_query(facts: Facts) -> Told:
    if "at" in facts:
        return Told(pgettext("signal", "Seen"), at=_moment(facts["at"]))
    return Told(_("Never seen") if facts["tokens"] else _("No live token yet"))


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def _number(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)


# In the order of the page.
_WORDS: Final[dict[SignalKind, Callable[[Facts], Told]]] = {
    SignalKind.DOMAIN: _domain,
    SignalKind.USAGE: _usage,
    SignalKind.REFUSALS: _refusals,
    SignalKind.SECRET_IN_QUERY: _secret_in_query,
    SignalKind.IDENTITIES: _identities,
    SignalKind.HISTORY: _history,
    SignalKind.SITE: _site,
    SignalKind.VOLUME: _volume,
    SignalKind.SPEND: _spend,
    SignalKind.ACCOUNT_AGE: _account,
    SignalKind.MAIL: _mail,
    SignalKind.ADDRESSES: _addresses,
    SignalKind.SAME_DOMAIN: _same_domain,
    SignalKind.SAME_REPOSITORY: _same_repository,
    SignalKind.SAME_WORDING: _same_wording,
}
