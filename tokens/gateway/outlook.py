"""What the limits would say of a call: looked at, with nothing spent or counted. What is held for other calls counts
as spent; limits of calls at once are for reservations alone, and say nothing here."""

import math
from typing import Final

from msgspec import structs

from tiers.entitlements import standing
from tiers.facts import Catalogue
from tokens.gateway import limit_refusals, metering
from tokens.gateway.ask import Ask, Decision, LimitState, Pass, Refusal
from tokens.gateway.decision import Trace
from tokens.gateway.limits import CALL
from tokens.gateway.passes import Reading

States = tuple[LimitState, ...]
# The checks of limits, as a trace names them: a spent rate comes right after the token, an allowance after all else.
RATE, ALLOWANCE = "rate", "allowance"
_AFTER: Final = "token_alive"
_BEFORE_LIMITS: Final = frozenset({"token_form", _AFTER})


def states(ask: Ask, reading: Reading, catalogue: Catalogue) -> States:
    """What is left of each limit; nothing while Redis is away, or of a caller of whom neither token nor address is
    known."""
    rights = reading.rights
    if rights is not None:
        found = metering.of_token(reading, rights, catalogue, None, spend=0, count=False)
    elif ask.address is not None:
        found = metering.of_address(ask, catalogue.lowest_tier, reading.now, spend=0, count=False)
    else:
        return ()
    return () if found.flags else found.limits


def limited(
    decision: Decision, trace: Trace, left: States, catalogue: Catalogue, rights: Pass | None
) -> tuple[Decision, Trace]:
    """The decision and its trace with what these limits say, as the gateway adds it to its own."""
    if not left:
        return decision, trace
    rate = allowance = None
    model = catalogue.models.get(decision.model or "")
    units = metering.units(decision.ask, model.cost if model else 1)
    if not any(found for check, found in trace if check in _BEFORE_LIMITS):
        rate = _rate(decision, left, catalogue, rights)
        allowance = _allowance(decision, left, units, catalogue, rights) if decision.allow else None
    found = tuple(one for one in (rate, *decision.refusals, allowance) if one is not None)
    tries_left = None if found else decision.tries_left
    decided = structs.replace(decision, refusals=found, limits=left, tries_left=tries_left)
    return decided, _traced(trace, rate, allowance)


def _traced(trace: Trace, rate: Refusal | None, allowance: Refusal | None) -> Trace:
    at = [check for check, _found in trace].index(_AFTER) + 1
    checked = (RATE, () if rate is None else (rate,)), (ALLOWANCE, () if allowance is None else (allowance,))
    return [*trace[:at], checked[0], *trace[at:], checked[1]]


def _rate(decision: Decision, left: States, catalogue: Catalogue, rights: Pass | None) -> Refusal | None:
    """`reset` is when all calls of the minute are there again; the next one is there sooner."""
    by = next((one for one in left if one.name == metering.MINUTE and one.remaining < 1), None)
    if by is None:
        return None
    others = (by.limit - 1) * 60 / by.limit if by.limit else 0
    return limit_refusals.rate_limited(_spent(decision, by, max(1, math.ceil(by.reset - others)), catalogue, rights))


def _allowance(
    decision: Decision, left: States, units: int, catalogue: Catalogue, rights: Pass | None
) -> Refusal | None:
    """Of several the one that lasts longest, as the gateway tells it."""
    spent = [one for one in left if one.name in {metering.DAY, metering.MONTH} and one.remaining * CALL < units]
    if not spent:
        return None
    by = min(spent, key=lambda one: (one.remaining, -one.reset))
    return limit_refusals.allowance_used_up(_spent(decision, by, by.reset, catalogue, rights))


def _spent(
    decision: Decision, by: LimitState, seconds: int, catalogue: Catalogue, rights: Pass | None
) -> limit_refusals.Spent:
    grants, application = (rights.grants, rights.application.pk) if rights else ((), None)
    stands = standing(catalogue, grants, application, decision.at)
    return limit_refusals.Spent(by, seconds, catalogue, rights, stands, decision.at)
