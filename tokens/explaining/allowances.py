"""How much a caller may use and what is left of it, in a few words. Pure but for gettext."""

from collections.abc import Callable, Iterable
from typing import Final

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tokens.gateway import limits
from tokens.gateway.ask import LimitState
from tokens.gateway.explanations import Explanation

_LEFT: Final[dict[str, Callable[[], str]]] = {
    "requests_per_minute": lambda: _("%(left)s of %(limit)s left this minute"),
    "requests_per_day": lambda: _("%(left)s of %(limit)s left today"),
    "requests_per_month": lambda: _("%(left)s of %(limit)s left this month"),
    "concurrent_calls": lambda: _("%(left)s of %(limit)s more at once"),
}
# What was bought beside the tier's own may be more than that.
_LEFT_WITH_PACKS: Final[dict[str, Callable[[], str]]] = {
    **_LEFT,
    "requests_per_day": lambda: _("%(left)s left today, packs included"),
    "requests_per_month": lambda: _("%(left)s left this month, packs included"),
}
_ALLOWED: Final[dict[str, Callable[[], str]]] = {
    "per_minute": lambda: _("%(limit)s a minute"),
    "per_day": lambda: _("%(limit)s a day"),
    "per_month": lambda: _("%(limit)s a month"),
    "concurrent": lambda: _("%(limit)s at once"),
}


def told(explanation: Explanation) -> str:
    """What is left, where that is known; else what is allowed."""
    states = explanation.decision.limits
    return _left(states) if states else _allowed(explanation)


def _left(states: Iterable[LimitState]) -> str:
    """Of several limits of one name that which leaves least."""
    least: dict[str, LimitState] = {}
    for state in states:
        other = least.get(state.name)
        if other is None or state.remaining < other.remaining:
            least[state.name] = state
    return pgettext("between parts", ", ").join(_sentence(state) for state in least.values() if state.name in _LEFT)


def _sentence(state: LimitState) -> str:
    sentences = _LEFT if state.remaining <= state.limit else _LEFT_WITH_PACKS
    return sentences[state.name]() % {"left": intcomma(state.remaining), "limit": intcomma(state.limit)}


def _allowed(explanation: Explanation) -> str:
    words = [
        say() % {"limit": intcomma(limit)}
        for name, say in _ALLOWED.items()
        if (limit := _smallest(explanation, name)) is not None
    ]
    return pgettext("between parts", ", ").join(words) or _("unlimited")


def _smallest(explanation: Explanation, name: str) -> int | None:
    """What holds of a limit is the smallest of those that hold at once."""
    rights, stands = explanation.rights, explanation.case.stands
    facts = [stands.tier.limits] if rights is None else [limit.facts for limit in limits.of(rights, stands)]
    values = [value for one in facts if (value := getattr(one, name)) is not None]
    return min(values, default=None)
