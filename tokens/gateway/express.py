"""The quick answer: an allow that rests on the stored pass, in one round trip to Redis.

Whatever is no allow at once is left to the slow way, which asks PostgreSQL (`service.py`).
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

import structlog

from accounts.wire import Away
from tokens.gateway import catalogues, clock, metering, renewals, store, stored
from tokens.gateway.ask import Ask, Decision, GrantedBy, Spent
from tokens.gateway.stored import StoredPass
from tokens.gateway.verdicts import ANONYMOUS, Verdict, Verdicts

log = structlog.get_logger(__name__)
POSTGRESQL_AWAY: Final = frozenset({"postgresql_away"})
_ALL_THERE: Final[frozenset[str]] = frozenset()


class Quick(NamedTuple):
    """`decision` is an allow, or None where there is none to be had quickly. `counted`: the attempt was counted
    against the rate already."""

    decision: Decision | None = None
    counted: bool = False


NOTHING: Final = Quick()
_COUNTED: Final = Quick(counted=True)


def answer(ask: Ask, workspace: str, *, postgresql_is_away: bool = False) -> Quick:
    """`workspace`: the one that the ask's token names."""
    now = clock.now()
    verdicts = catalogues.verdicts(now, at_any_age=postgresql_is_away)
    if verdicts is None:
        return NOTHING
    try:
        if ask.token is None:
            return _of_nobody(ask, verdicts, now)
        return _of_token(ask, ask.token, workspace, verdicts, now, postgresql_is_away)
    except Away as error:
        log.warning("redis_away", error=str(error))
        return NOTHING


def _of_token(ask: Ask, token: str, workspace: str, verdicts: Verdicts, now: float, away: bool) -> Quick:
    units = metering.units(ask, verdicts.price(ask))
    fresh = store.FRESH_WHILE_AWAY_MS if away else store.FRESH_MS
    taken = store.take(workspace, store.pass_key(workspace, token), now, units=units, fresh_ms=fresh)
    if taken is None or taken.blob is None or taken.status == store.RATE:
        return NOTHING
    if taken.status == store.ALLOWANCE:
        return _COUNTED
    found = stored.decode(taken.blob)
    spent = Spent(workspace, units, found.counters, taken.packs)
    verdict = verdicts.of(found.shape, ask, now)
    if verdict is None or found.rights_version < ask.at_least:
        metering.give_back(spent, now)
        return _COUNTED
    if taken.age > renewals.AFTER_MS:
        renewals.ask_for(workspace, found.rights_version)
    decision = Decision(
        ask=ask,
        at=datetime.fromtimestamp(now, UTC),
        identity=found,
        tier=verdict.tier,
        operation=verdict.operation,
        model=verdict.model,
        granted_by=_granted_by(found, verdict),
        limits=metering.states(taken.states, found.counters, now),
        spent=spent,
        flags=POSTGRESQL_AWAY if away else _ALL_THERE,
    )
    return Quick(decision, counted=True)


def _of_nobody(ask: Ask, verdicts: Verdicts, now: float) -> Quick:
    verdict = verdicts.of(ANONYMOUS, ask, now)
    if verdict is None:
        return NOTHING
    held = metering.budget_of_address(verdict.tier)
    units = metering.units(ask, verdict.price)
    taken = store.take_of_address(metering.bucket(ask), now, units=units, held=held)
    if taken.status != store.TAKEN:
        return _COUNTED if taken.status == store.ALLOWANCE else NOTHING
    decision = Decision(
        ask=ask,
        at=datetime.fromtimestamp(now, UTC),
        tier=verdict.tier,
        operation=verdict.operation,
        model=verdict.model,
        limits=metering.states(taken.states, held.counters, now),
    )
    return Quick(decision, counted=True)


def _granted_by(found: StoredPass, verdict: Verdict) -> GrantedBy | None:
    if verdict.grant is None:
        return None
    source, source_id, ends_at = found.grants[verdict.grant]
    return GrantedBy(source, source_id, datetime.fromtimestamp(ends_at, UTC) if ends_at else None)
