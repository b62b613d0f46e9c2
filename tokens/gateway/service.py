"""From an ask to a decision. Every protocol calls `answer()`.

The quick way (`express.py`) allows what the stored pass allows. All else goes the slow way: the token's rights are read
from PostgreSQL after the ask arrived → `decide()` → its limits → the free try that it rests on.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from msgspec import structs

from tiers.entitlements import standing
from tiers.facts import Catalogue
from tokens import keys
from tokens.gateway import (
    catalogues,
    confirming,
    connections,
    express,
    limit_refusals,
    metering,
    metrics,
    readings,
    refusal_log,
    refusals,
    reservations,
    store,
    tries,
    unknown,
    usage,
)
from tokens.gateway.ask import Ask, Decision, Missed, Pass, Refusal
from tokens.gateway.decision import decide
from tokens.gateway.http import Fault

log = structlog.get_logger(__name__)

# Of a free try that others took first, what is left is read again; and again where that was given at this very moment.
MOST_READINGS: Final = 4
# Of these a limit says nothing: they are refused before it is looked at.
_BEFORE_LIMITS: Final = frozenset({"token_malformed", "token_unknown", "token_revoked", "token_expired"})

# The protocol's own checks of a call, once the token is known to be good or bad. Raises to refuse it.
Check = Callable[[Decision], None]
_Digests = dict[int, bytes]


def answer(ask: Ask, *, away: bool = False, check: Check | None = None, missed: Missed | None = None) -> Decision:
    """Decide an ask as things are now. A token of wrong form is answered without any I/O. What cannot be read is
    `unavailable`, never a 4xx. Messages are in the language that is active.

    `check` is asked before anything is spent for good, so that a call which is not passed on after all costs nothing.
    `away`: PostgreSQL was found away for this very ask, so it is not waited for again. `missed`: what came of the quick
    way, where that was tried already."""
    begun = perf_counter()
    decision, source = _answered(ask, away, check, missed)
    code = decision.refusals[0].code if decision.refusals else "ok"
    _count(decision, code)
    metrics.note(code, perf_counter() - begun, source=source)
    return decision


def note_allow(allow: express.Allow, begun: float) -> None:
    """Count what was allowed in one piece, with no `Decision` made of it. `begun`: by `perf_counter()`."""
    if allow.of_packs:
        _count(express.decision(allow), "ok")
    else:
        usage.note(
            token=allow.identity.token,
            model=allow.verdict.model or "",
            operation=allow.verdict.operation or "",
            code="ok",
            units=allow.units,
            at=allow.at,
        )
    metrics.note("ok", perf_counter() - begun, source=metrics.STORED_PASS)


def note_malformed(begun: float) -> None:
    """The same of a token of wrong form."""
    metrics.note("token_malformed", perf_counter() - begun, source=metrics.TEXT)


def _answered(ask: Ask, away: bool, check: Check | None, missed: Missed | None) -> tuple[Decision, str]:
    """And what it rests on."""
    workspace = "" if ask.token is None else keys.workspace_of(ask.token)
    if workspace is None:
        return refused(ask, refusals.token_malformed()), metrics.TEXT
    quick = missed or (express.NOTHING if ask.hold else express.answer(ask, workspace))
    if isinstance(quick, Decision):
        return _checked(quick, check), metrics.STORED_PASS
    metrics.count(metrics.Event.MISS)
    if away:
        return _while_away(ask, workspace, check)
    if quick.refused is not None:
        metrics.count(metrics.Event.REFUSAL_CONFIRMED)
        return quick.refused, metrics.POSTGRESQL
    try:
        decision = _by_what_is_stored(ask, check, quick) or _from_postgresql(ask, check, counted=quick.counted)
    except (DatabaseError, InterfaceError) as error:
        log.error("decision_unavailable", error=str(error), request_id=ask.request_id)
        return _while_away(ask, workspace, check)
    finally:
        connections.release()
    if decision.flags:
        metrics.count(metrics.Event.REDIS_AWAY)
    elif decision.refusals:
        metrics.count(metrics.Event.REFUSAL_CONFIRMED)
    return decision, metrics.POSTGRESQL


def _count(decision: Decision, code: str) -> None:
    """Of tokens that are not ours nothing is counted; of what is held for a call, once its cost is known."""
    identity, ask, spent = decision.identity, decision.ask, decision.spent
    if (identity is None and ask.token is not None) or (ask.hold is not None and decision.allow):
        return
    if identity is not None and not decision.allow:
        ids = {"workspace": identity.workspace, "application": identity.application, "token": identity.token}
        refusal_log.note(decision, **ids)
    token, units, packs = identity.token if identity else "", spent.units if spent else 0, spent.packs if spent else ()
    note = partial(
        usage.note,
        token=token,
        model=decision.model or "",
        operation=decision.operation or "",
        code=code,
        at=decision.at.timestamp(),
    )
    pack, of_pack = packs[0] if packs else ("", 0)
    note(units=units, pack=pack, pack_units=of_pack, in_query=ask.token_in_query)
    for pack, of_pack in packs[1:]:
        note(units=0, pack=pack, pack_units=of_pack, calls=0)


def tokens_differ(ask: Ask) -> Decision:
    """The answer to a call that carries two tokens: neither of them is believed."""
    return refused(ask, refusals.tokens_differ())


def refused(ask: Ask, refusal: Refusal) -> Decision:
    return Decision(ask=ask, at=datetime.now(UTC), refusals=(refusal,))


def _checked(decision: Decision, check: Check | None) -> Decision:
    if check is not None:
        try:
            check(decision)
        except Fault:
            _give_back(decision)
            raise
    return decision


def _give_back(decision: Decision) -> None:
    if decision.spent is not None:
        metering.give_back(decision.spent, decision.at.timestamp())


def _while_away(ask: Ask, workspace: str, check: Check | None) -> tuple[Decision, str]:
    """PostgreSQL cannot be read: what it confirmed not long ago goes on to be allowed, and says so."""
    metrics.count(metrics.Event.POSTGRESQL_AWAY)
    quick = express.answer(ask, workspace, postgresql_is_away=True)
    if not isinstance(quick, Decision):
        return refused(ask, refusals.unavailable()), metrics.POSTGRESQL
    return _checked(quick, check), metrics.STORED_PASS


# --- The slow way -----------------------------------------------------------------------------------------


def _by_what_is_stored(ask: Ask, check: Check | None, missed: Missed) -> Decision | None:
    """A refusal by the stored pass, if PostgreSQL says, now, that there is no newer one."""
    said = confirming.confirmed(missed.rights) if missed.rights else None
    decision = refused_by(catalogues.at(said.catalogue_version), ask, missed, said.now) if said else None
    return decision and _checked(decision, check)


def refused_by(catalogue: Catalogue, ask: Ask, missed: Missed, now: datetime) -> Decision | None:
    """The refusal by a stored pass that PostgreSQL has confirmed; None where there is none. Reads nothing."""
    decision = decide(catalogue, missed.rights, ask, now)
    return None if decision.allow else structs.replace(decision, limits=missed.limits)


def _from_postgresql(ask: Ask, check: Check | None, *, counted: bool) -> Decision:
    digests = keys.digests(ask.token, settings.TOKEN_KEYS) if ask.token else _Digests()
    for _reading in range(MOST_READINGS):
        decision = _decided(ask, digests, counted=counted)
        counted = True
        decision = _checked(decision, check)
        if decision.tries_left is None:
            return decision
        left = None
        try:
            left = _take(decision)
        finally:
            if left is None:
                _give_back(decision)
        if left is not None:
            return structs.replace(decision, tries_left=left)
    log.error("free_try_not_taken", request_id=ask.request_id)
    return refused(ask, refusals.unavailable())


def _take(decision: Decision) -> int | None:
    """Take the free try that the decision rests on: how many are left, or None where others took the last."""
    if decision.identity is None or decision.model is None:
        return None
    return tries.take(workspace=decision.identity.workspace, model=decision.model, request_id=decision.ask.request_id)


def _decided(ask: Ask, digests: _Digests, *, counted: bool) -> Decision:
    if digests and unknown.is_known_as(digests):
        return refused(ask, refusals.token_unknown())
    reading = readings.read(digests)
    rights = reading.rights
    if ask.token and (rights is None or (rights.demo and not settings.DEMO)):
        unknown.remember(digests)
        return refused(ask, refusals.token_unknown())
    catalogue = catalogues.at(reading.catalogue_version)
    if not catalogue.tiers:
        log.error("catalogue_empty", request_id=ask.request_id)
        return refused(ask, refusals.unavailable())
    decision = decide(catalogue, rights, ask, reading.now)
    model = catalogue.models.get(decision.model or "")
    price = model.cost if model else 1
    spend = metering.units(ask, price) if decision.allow else 0
    wanted = reservations.wanted(ask.hold, decision, price) if ask.hold and decision.allow else None
    if rights is None:
        metered = metering.of_address(
            ask, catalogue.lowest_tier, reading.now, spend=spend, count=not counted, wanted=wanted
        )
    else:
        # What a transaction has not committed yet is nobody else's business.
        key = None if connection.in_atomic_block else store.pass_key(rights.workspace, ask.token or "")
        metered = metering.of_token(reading, rights, catalogue, key, spend=spend, count=not counted, wanted=wanted)
    return _limited(decision, metered, catalogue, rights)


def _limited(decision: Decision, metered: metering.Metered, catalogue: Catalogue, rights: Pass | None) -> Decision:
    """A spent rate comes before all but the token itself; a spent allowance after all else."""
    found = decision.refusals
    if metered.by is not None and not (found and found[0].code in _BEFORE_LIMITS):
        grants, application = (rights.grants, rights.application.pk) if rights else ((), None)
        stands = standing(catalogue, grants, application, decision.at)
        spent = limit_refusals.Spent(metered.by, metered.retry_after, catalogue, rights, stands, decision.at)
        used_up = metered.refused == store.ALLOWANCE
        tell = limit_refusals.allowance_used_up if used_up else limit_refusals.rate_limited
        found = (tell(spent), *found)
    return structs.replace(
        decision,
        refusals=found,
        tries_left=None if found else decision.tries_left,
        limits=metered.limits,
        spent=None if found else metered.spent,
        flags=metered.flags,
        held_until=None if found else metered.held_until,
    )
