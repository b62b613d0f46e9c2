"""The sentence and the ways out of a limit that is spent: which one, of what, how much, and when there is more. Pure
but for gettext.

To whoever has a publishable token (every visitor of a site has it) nothing is told of the workspace, its other
applications or what it asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tiers.entitlements import Standing
from tiers.facts import Catalogue, LimitFacts, TierFacts
from tokens.gateway import local_limits
from tokens.gateway.ask import LimitState, OpenRequest, Pass, Refusal, Remedy
from tokens.gateway.lacks import see_request
from tokens.gateway.limits import Scope
from tokens.gateway.moments import moment
from tokens.gateway.offers import MOST_OFFERED, buy
from tokens.gateway.refusals import NEW_TOKEN_PAGE

_FACTS: Final[dict[str, Callable[[LimitFacts], int | None]]] = {
    local_limits.PER_MINUTE: lambda facts: facts.per_minute,
    local_limits.PER_DAY: lambda facts: facts.per_day,
    local_limits.PER_MONTH: lambda facts: facts.per_month,
    local_limits.AT_ONCE: lambda facts: facts.concurrent,
}


@dataclass(frozen=True, slots=True)
class Spent:
    """The limit `by` refuses a call at `now`, and is there again after `retry_after` seconds. `rights` is None for a
    caller without a token."""

    by: LimitState
    retry_after: int
    catalogue: Catalogue
    rights: Pass | None
    stands: Standing
    now: datetime

    @property
    def again_at(self) -> datetime:
        return (self.now + timedelta(seconds=self.retry_after)).replace(microsecond=0)

    @property
    def is_public(self) -> bool:
        return self.rights is not None and self.rights.publishable


def rate_limited(spent: Spent) -> Refusal:
    if spent.by.name == local_limits.AT_ONCE:
        then = _("Try again when one of them has ended.")
    else:
        then = ngettext("Try again in %(seconds)d second.", "Try again in %(seconds)d seconds.", spent.retry_after) % {
            "seconds": spent.retry_after
        }
    message = _("%(cause)s %(then)s") % {"cause": _cause(spent), "then": then}
    wait = Remedy("wait", then.rstrip(".。"), until=spent.again_at)
    return Refusal("rate_limited", message, remedies=(wait, *_more(spent)), retry_after=spent.retry_after)


def allowance_used_up(spent: Spent) -> Refusal:
    facts = {"date": moment(spent.again_at.replace(second=0)), "left": spent.by.remaining}
    if spent.by.remaining:
        then = ngettext(
            "%(left)d of them is left until %(date)s, and this call costs more.",
            "%(left)d of them are left until %(date)s, and this call costs more.",
            spent.by.remaining,
        )
    else:
        then = _("They are used up, and there are new ones on %(date)s, at 0:00 UTC.")
    message = _("%(cause)s %(then)s") % {"cause": _cause(spent), "then": then % facts}
    wait = Remedy("wait", _("Wait until %(date)s") % facts, until=spent.again_at.replace(second=0))
    remedies = (wait, *_more(spent), *_packs(spent))
    return Refusal("allowance_used_up", message, remedies=remedies, retry_after=spent.retry_after)


def _cause(spent: Spent) -> str:
    """Which limit it is, and of what."""
    scope, facts = spent.by.scope, {"amount": _amount(spent.by)}
    if scope == Scope.TOKEN and not spent.is_public:
        return _("This token may make no more than %(amount)s: its holder set that limit.") % facts
    if scope == Scope.APPLICATION:
        return _("This application may make no more than %(amount)s.") % facts
    if scope == Scope.WORKSPACE and not spent.is_public:
        return _("All applications of this workspace together may make no more than %(amount)s.") % facts
    if scope == Scope.ADDRESS:
        return _("Without a token, no more than %(amount)s may come from one address.") % facts
    return _("No more than %(amount)s may be made with this token.") % facts


def _amount(state: LimitState) -> str:
    sentences = {
        local_limits.PER_MINUTE: ngettext("%(number)d call a minute", "%(number)d calls a minute", state.limit),
        local_limits.PER_DAY: ngettext("%(number)d call a day", "%(number)d calls a day", state.limit),
        local_limits.PER_MONTH: ngettext("%(number)d call a month", "%(number)d calls a month", state.limit),
        local_limits.AT_ONCE: ngettext("%(number)d call at once", "%(number)d calls at once", state.limit),
    }
    return sentences[state.name] % {"number": state.limit}


# --- Ways to more -----------------------------------------------------------------------------------------


def _more(spent: Spent) -> Iterator[Remedy]:
    """By whom this limit can be changed, the free ways first."""
    rights, scope = spent.rights, spent.by.scope
    if rights is None:
        yield Remedy("apply", _("Make a token"), NEW_TOKEN_PAGE)
    elif scope == Scope.TOKEN:
        if not rights.publishable:
            yield Remedy("edit", _("Change the token’s own limits"), f"/tokens/{rights.token}/edit/")
    elif scope == Scope.WORKSPACE or _said_by_staff(spent, rights):
        yield Remedy("contact", _("See whom to ask"), "/workspace/")
    else:
        yield from _tiers(spent, rights)


def _said_by_staff(spent: Spent, rights: Pass) -> bool:
    """What staff set for an application stays with any tier."""
    return _FACTS[spent.by.name](rights.application_limits) is not None


def _tiers(spent: Spent, rights: Pass) -> Iterator[Remedy]:
    """The lowest higher tier that has more: to apply for, and to buy the cheapest of those on sale."""
    higher = [tier for tier in spent.catalogue.tiers.values() if _has_more(spent, tier)]
    if not higher:
        return
    lowest = min(higher, key=lambda tier: tier.rank)
    names = {tier.slug for tier in higher}
    asked = None if rights.publishable else _asked_for(rights, names)
    if asked is not None:
        yield see_request(asked)
    else:
        label = _("Apply for %(subject)s") % {"subject": lowest.slug}
        yield Remedy("apply", label, f"/requests/new/?{urlencode({'tier': lowest.slug})}")
    sold = [product for product in spent.catalogue.on_sale(spent.now) if product.tier in names]
    for product in sorted(sold, key=lambda product: (product.amount, product.slug))[:1]:
        yield buy(product)


def _has_more(spent: Spent, tier: TierFacts) -> bool:
    amount = _FACTS[spent.by.name](tier.limits)
    return tier.rank > spent.stands.tier.rank and (amount is None or amount > spent.by.limit)


def _asked_for(rights: Pass, tiers: set[str]) -> OpenRequest | None:
    return next((request for request in rights.open_requests if request.tier in tiers), None)


def _packs(spent: Spent) -> Iterator[Remedy]:
    """Packs are more of an application's allowance, and of nothing else."""
    if spent.rights is None or spent.by.scope != Scope.APPLICATION:
        return
    sold = [product for product in spent.catalogue.on_sale(spent.now) if product.calls is not None]
    for product in sorted(sold, key=lambda product: (product.amount, product.slug))[:MOST_OFFERED]:
        yield buy(product)
