"""From an ask to a decision: token → pass → `decide()` → take the free try that it rests on. Every protocol calls
`answer()`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from tokens import keys
from tokens.gateway import catalogues, connections, metrics, passes, refusals, tries, use
from tokens.gateway.ask import Ask, Decision, Refusal
from tokens.gateway.decision import decide

log = structlog.get_logger(__name__)


# Of a free try that others took first, what is left is read again; and again where that was given at this very moment.
MOST_READINGS: Final = 4

# The protocol's own checks of a call, once the token is known to be good or bad. Raises to refuse it.
Check = Callable[[Decision], None]


def answer(ask: Ask, *, away: bool = False, check: Check | None = None) -> Decision:
    """Decide an ask, and count it. A token of wrong form is answered without any I/O. What cannot be
    read is `unavailable`, never a 4xx. Messages are in the language that is active.

    `check` is asked before a free try is taken, so that a call which is not passed on after all costs none.
    `away`: PostgreSQL was found away for this very ask, so it is not waited for again."""
    begun = perf_counter()
    decision = _answer(ask, away, check)
    metrics.note(decision.reason.code if decision.reason else "ok", perf_counter() - begun)
    return decision


def _answer(ask: Ask, away: bool, check: Check | None) -> Decision:
    if ask.token is not None and keys.parse_token(ask.token) is None:
        return _refused(ask, refusals.token_malformed())
    if away:
        metrics.count(metrics.Event.POSTGRESQL_AWAY)
        return _refused(ask, refusals.unavailable())
    try:
        return _answer_from_postgresql(ask, check)
    except (DatabaseError, InterfaceError) as error:
        log.error("decision_unavailable", error=str(error), request_id=ask.request_id)
        metrics.count(metrics.Event.POSTGRESQL_AWAY)
        return _refused(ask, refusals.unavailable())
    finally:
        connections.release()


def tokens_differ(ask: Ask) -> Decision:
    """The answer to a call that carries two tokens: neither of them is believed."""
    return _refused(ask, refusals.tokens_differ())


def _answer_from_postgresql(ask: Ask, check: Check | None) -> Decision:
    for _reading in range(MOST_READINGS):
        decision = _decided(ask)
        if check is not None:
            check(decision)
        if decision.tries_left is None:
            return decision
        left = _take(decision)
        if left is not None:
            return replace(decision, tries_left=left)
    log.error("free_try_not_taken", request_id=ask.request_id)
    return _refused(ask, refusals.unavailable())


def _take(decision: Decision) -> int | None:
    """Take the free try that the decision rests on: how many are left, or None where others took the last."""
    rights, model = decision.rights, decision.model
    if rights is None or model is None:
        return None
    return tries.take(workspace=rights.workspace, model=model, request_id=decision.ask.request_id)


def _decided(ask: Ask) -> Decision:
    digests = keys.digests(ask.token, settings.TOKEN_KEYS).values() if ask.token else ()
    reading = passes.read(digests)
    rights = reading.rights
    if ask.token and (rights is None or (rights.demo and not settings.DEMO)):
        return _refused(ask, refusals.token_unknown())
    catalogue = catalogues.at(reading.catalogue_version)
    if not catalogue.tiers:
        log.error("catalogue_empty", request_id=ask.request_id)
        return _refused(ask, refusals.unavailable())
    decision = decide(catalogue, rights, ask, reading.now)
    use.note(reading, decision)
    return decision


def _refused(ask: Ask, refusal: Refusal) -> Decision:
    return Decision(ask=ask, at=datetime.now(UTC), refusals=(refusal,))
