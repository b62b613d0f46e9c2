"""From an ask to a decision: token → pass → `decide()`. Every protocol calls `answer()`."""

from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from tokens import keys
from tokens.gateway import catalogues, connections, passes, refusals, use
from tokens.gateway.ask import Ask, Decision, Refusal
from tokens.gateway.decision import decide

log = structlog.get_logger(__name__)


def answer(ask: Ask, *, away: bool = False) -> Decision:
    """Decide an ask from PostgreSQL as it is now. A token of wrong form is answered without any I/O. What cannot be
    read is `unavailable`, never a 4xx. Messages are in the language that is active.

    `away`: PostgreSQL was found away for this very ask, so it is not waited for again."""
    if ask.token is not None and keys.parse_token(ask.token) is None:
        return _refused(ask, refusals.token_malformed())
    if away:
        return _refused(ask, refusals.unavailable())
    try:
        return _answer_from_postgresql(ask)
    except (DatabaseError, InterfaceError) as error:
        log.error("decision_unavailable", error=str(error), request_id=ask.request_id)
        return _refused(ask, refusals.unavailable())
    finally:
        connections.release()


def tokens_differ(ask: Ask) -> Decision:
    """The answer to a call that carries two tokens: neither of them is believed."""
    return _refused(ask, refusals.tokens_differ())


def _answer_from_postgresql(ask: Ask) -> Decision:
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
