"""The quick answer: an allow that rests on the stored pass, in one round trip to Redis.

Whatever is no allow at once is left to the slow way, which asks PostgreSQL (`service.py`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog

from accounts.wire import Away
from tokens.gateway import catalogues, clock, metering, renewals, store, stored
from tokens.gateway.ask import Ask, Decision, GrantedBy, Missed, Spent
from tokens.gateway.store import State
from tokens.gateway.stored import StoredPass
from tokens.gateway.verdicts import ANONYMOUS, Verdict

log = structlog.get_logger(__name__)
POSTGRESQL_AWAY: Final = frozenset({"postgresql_away"})
_ALL_THERE: Final[frozenset[str]] = frozenset()
NOTHING: Final = Missed(counted=False)
_COUNTED: Final = Missed(counted=True)


class Allow(msgspec.Struct, frozen=True, gc=False):
    """What the allow of a token rests on, and what it spent: `units`, some of them `of_packs`. `states`: what is left
    of the limits of each of `identity.counters`. `at`: Unix time."""

    ask: Ask
    at: float
    identity: StoredPass
    verdict: Verdict
    states: Sequence[State]
    units: int
    of_packs: tuple[tuple[str, int], ...]
    postgresql_is_away: bool


def answer(ask: Ask, workspace: str, *, postgresql_is_away: bool = False) -> Decision | Missed:
    """`workspace`: the one that the ask's token names."""
    if ask.token is None:
        return _of_nobody(ask, postgresql_is_away)
    found = allow(ask, ask.token, workspace, postgresql_is_away=postgresql_is_away)
    return decision(found) if isinstance(found, Allow) else found


def allow(ask: Ask, token: str, workspace: str, *, postgresql_is_away: bool = False) -> Allow | Missed:
    """Of a call with a token."""
    now = clock.now()
    verdicts = catalogues.verdicts(now, at_any_age=postgresql_is_away)
    if verdicts is None:
        return NOTHING
    units = metering.units(ask, verdicts.price(ask))
    fresh = store.FRESH_WHILE_AWAY_MS if postgresql_is_away else store.FRESH_MS
    try:
        taken = store.take(workspace, store.pass_key(workspace, token), now, units=units, fresh_ms=fresh)
    except Away as error:
        log.warning("redis_away", error=str(error))
        return NOTHING
    if taken is None or taken.blob is None or taken.status == store.RATE:
        return NOTHING
    if taken.status == store.ALLOWANCE:
        return _COUNTED
    found = stored.decode(taken.blob)
    verdict = verdicts.of(found.shape, ask, now)
    if verdict is None or found.rights_version < ask.at_least:
        metering.give_back(Spent(workspace, units, found.counters, taken.packs), now)
        return _COUNTED if verdict or taken.packs else _refused(found, taken.states, units, now)
    if taken.age > renewals.AFTER_MS:
        renewals.ask_for(workspace, found.rights_version)
    return Allow(ask, now, found, verdict, taken.states, units, taken.packs, postgresql_is_away)


def _refused(found: StoredPass, states: Sequence[State], units: int, now: float) -> Missed:
    """What is left: with the units that were given back."""
    left = [store.with_units(state, units) for state in states]
    return Missed(counted=True, rights=stored.whole(found), limits=metering.states(left, found.counters, now))


def _of_nobody(ask: Ask, away: bool) -> Decision | Missed:
    now = clock.now()
    verdicts = catalogues.verdicts(now, at_any_age=away)
    verdict = verdicts.of(ANONYMOUS, ask, now) if verdicts else None
    if verdict is None:
        return NOTHING
    held = metering.budget_of_address(verdict.tier)
    units = metering.units(ask, verdict.price)
    try:
        taken = store.take_of_address(metering.bucket(ask), now, units=units, held=held)
    except Away as error:
        log.warning("redis_away", error=str(error))
        return NOTHING
    if taken.status != store.TAKEN:
        return _COUNTED if taken.status == store.ALLOWANCE else NOTHING
    return Decision(
        ask=ask,
        at=datetime.fromtimestamp(now, UTC),
        tier=verdict.tier,
        operation=verdict.operation,
        model=verdict.model,
        limits=metering.states(taken.states, held.counters, now),
    )


def decision(allow: Allow) -> Decision:
    """As every protocol can tell it."""
    found, verdict = allow.identity, allow.verdict
    return Decision(
        ask=allow.ask,
        at=datetime.fromtimestamp(allow.at, UTC),
        identity=found,
        tier=verdict.tier,
        operation=verdict.operation,
        model=verdict.model,
        granted_by=_granted_by(found, verdict),
        limits=metering.states(allow.states, found.counters, allow.at),
        spent=Spent(found.workspace, allow.units, found.counters, allow.of_packs),
        flags=POSTGRESQL_AWAY if allow.postgresql_is_away else _ALL_THERE,
    )


def _granted_by(found: StoredPass, verdict: Verdict) -> GrantedBy | None:
    if verdict.grant is None:
        return None
    source, source_id, ends_at = found.grants[verdict.grant]
    return GrantedBy(source, source_id, datetime.fromtimestamp(ends_at, UTC) if ends_at else None)
