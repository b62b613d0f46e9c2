"""Why a call is, or would be, refused: the decision, and what each check found. Nothing is spent, taken or counted."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from msgspec import structs

from tiers.facts import Catalogue
from tokens import keys
from tokens.gateway import catalogues, outlook, passes, refusals
from tokens.gateway.ask import Ask, Decision, Pass, Refusal
from tokens.gateway.decision import Case, Trace, explain

log = structlog.get_logger(__name__)
NOTHING_READ = Catalogue(version=0, tiers={}, models={}, operations={})


@dataclass(frozen=True)
class Explanation:
    """`trace` is empty where the token was not recognised: then no check of the call was reached. `took`: seconds of
    work that the checks took. The ask in `decision` is without its token, so that nothing made of this can show it."""

    decision: Decision
    trace: Trace
    catalogue: Catalogue
    rights: Pass | None = None
    took: float = 0.0

    @cached_property
    def case(self) -> Case:
        """The facts that the checks saw."""
        return Case(self.catalogue, self.rights, self.decision.ask, self.decision.at)

    def decide(self, ask: Ask) -> Decision:
        """What the same caller would be told of another call."""
        found = explain(self.catalogue, self.rights, ask, self.decision.at)
        return outlook.limited(*found, self.decision.limits, self.catalogue, self.rights)[0]


def of_call(ask: Ask, picked: bytes | None = None) -> Explanation:
    """Decide from PostgreSQL as it is now. `picked`: the stored hash of a token that a member of its workspace named,
    in place of a text that only its holder has."""
    try:
        return _explained(ask, picked)
    except (DatabaseError, InterfaceError) as error:
        log.error("explanation_unavailable", error=str(error), request_id=ask.request_id)
        return _refused(ask, datetime.now(UTC), refusals.unavailable(), NOTHING_READ)


def catalogue() -> Catalogue:
    """The catalogue as PostgreSQL has it now. Raises django.db.Error."""
    return catalogues.at(passes.read(()).catalogue_version)


def _explained(ask: Ask, picked: bytes | None) -> Explanation:
    reading = passes.read(_digests(ask, picked))
    known, rights = catalogues.at(reading.catalogue_version), reading.rights
    if not known.tiers:
        return _refused(ask, reading.now, refusals.unavailable(), known)
    unrecognised = _unrecognised(ask, rights) if ask.token is not None or picked else None
    if unrecognised is not None:
        return _refused(ask, reading.now, unrecognised, known)
    began = time.thread_time()
    decision, trace = explain(known, rights, structs.replace(ask, token=None), reading.now)
    took = time.thread_time() - began
    left = outlook.states(ask, reading, known)
    return Explanation(*outlook.limited(decision, trace, left, known, rights), known, rights, took)


def _digests(ask: Ask, picked: bytes | None) -> Sequence[bytes]:
    if picked is not None:
        return [picked]
    if ask.token is None or keys.parse_token(ask.token) is None:
        return []
    return list(keys.digests(ask.token, settings.TOKEN_KEYS).values())


def _unrecognised(ask: Ask, rights: Pass | None) -> Refusal | None:
    """What the gateway says of a token that is malformed or not one of ours."""
    if ask.token is not None and keys.parse_token(ask.token) is None:
        return refusals.token_malformed()
    if rights is None or (rights.demo and not settings.DEMO):
        return refusals.token_unknown()
    return None


def _refused(ask: Ask, at: datetime, refusal: Refusal, known: Catalogue) -> Explanation:
    decision = Decision(ask=structs.replace(ask, token=None), at=at, refusals=(refusal,))
    return Explanation(decision, [], known)
