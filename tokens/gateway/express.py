"""The quick answer: an allow that rests on the stored pass, in one round trip to Redis.

Whatever is no allow at once is left to the slow way, which asks PostgreSQL (`service.py`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from accounts.wire import Away
from tokens.gateway import catalogues, clock, metering, renewals, store, stored
from tokens.gateway.ask import Ask, Decision, GrantedBy, Missed, Spent
from tokens.gateway.store import State, Taken
from tokens.gateway.stored import StoredPass
from tokens.gateway.verdicts import ANONYMOUS, Verdict, Verdicts

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


class Taking(msgspec.Struct, frozen=True, gc=False):
    """An ask on its way to Redis: where its pass lies, and what it costs. `now`: Unix time."""

    ask: Ask
    workspace: str
    key: str
    now: float
    verdicts: Verdicts
    units: int
    postgresql_is_away: bool

    @property
    def fresh_ms(self) -> int:
        """How old a confirmation may be."""
        return store.FRESH_WHILE_AWAY_MS if self.postgresql_is_away else store.FRESH_MS

    def packed(self) -> bytes:
        """The command that spends of the stored pass."""
        return store.taking(self.workspace, self.key, self.now, units=self.units, fresh_ms=self.fresh_ms)


def answer(ask: Ask, workspace: str, *, postgresql_is_away: bool = False) -> Decision | Missed:
    """`workspace`: the one that the ask's token names."""
    if ask.token is None:
        return _of_nobody(ask, postgresql_is_away)
    found = allow(ask, ask.token, workspace, postgresql_is_away=postgresql_is_away)
    return decision(found) if isinstance(found, Allow) else found


def allow(ask: Ask, token: str, workspace: str, *, postgresql_is_away: bool = False) -> Allow | Missed:
    """Of a call with a token."""
    taking = begin(ask, token, workspace, postgresql_is_away=postgresql_is_away)
    if taking is None:
        return NOTHING
    return waited(taking)


def waited(taking: Taking) -> Allow | Missed:
    """Ask Redis, and wait for it."""
    try:
        taken = store.take(taking.workspace, taking.key, taking.now, units=taking.units, fresh_ms=taking.fresh_ms)
    except Away:
        return NOTHING
    return end(taking, taken)


def begin(ask: Ask, token: str, workspace: str, *, postgresql_is_away: bool = False) -> Taking | None:
    """What is done before Redis is asked. None where the catalogue has to be read first."""
    now = clock.now()
    verdicts = catalogues.verdicts(now, at_any_age=postgresql_is_away)
    if verdicts is None:
        return None
    units = metering.units(ask, verdicts.price(ask))
    return Taking(ask, workspace, store.pass_key(workspace, token), now, verdicts, units, postgresql_is_away)


def end(taking: Taking, taken: Taken | None) -> Allow | Missed:
    """What is done with what Redis answered."""
    found = read(taking, taken)
    if found is not None or taken is None or taken.rights is None:
        return found or NOTHING
    spent, missed = not_allowed(taking, taken, taken.rights)
    metering.give_back(spent, taking.now)
    return missed


def read(taking: Taking, taken: Taken | None) -> Allow | Missed | None:
    """The same without waiting for anything: None where what was spent has to be given back."""
    found = None if taken is None else taken.rights
    if taken is None or found is None or taken.status == store.RATE:
        return NOTHING
    if taken.status == store.ALLOWANCE:
        return _COUNTED
    verdict = taking.verdicts.of(found.shape, taking.ask, taking.now)
    if verdict is None or found.rights_version < taking.ask.at_least:
        return None
    if taken.age > renewals.AFTER_MS:
        renewals.ask_for(taking.workspace, found.rights_version)
    return Allow(
        taking.ask, taking.now, found, verdict, taken.states, taking.units, taken.packs, taking.postgresql_is_away
    )


def not_allowed(taking: Taking, taken: Taken, found: StoredPass) -> tuple[Spent, Missed]:
    """What has to be given back, and what came of it all."""
    spent = Spent(taking.workspace, taking.units, found.counters, taken.packs)
    if taken.packs or found.rights_version < taking.ask.at_least:
        return spent, _COUNTED
    return spent, _refused(found, taken.states, taking.units, taking.now)


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
    except Away:
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
