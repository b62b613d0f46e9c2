"""What one token may do at large, for those who ask of a token and not of one call."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _
from msgspec import structs

from tiers.entitlements import Standing, standing
from tiers.facts import Catalogue
from tokens import keys
from tokens.gateway import catalogues, connections, decision, outlook, passes
from tokens.gateway.ask import Ask, Decision, Pass, Refusal
from tokens.gateway.http import Fault
from tokens.gateway.passes import Reading

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Survey:
    """One snapshot of PostgreSQL: a token's rights, the catalogue, and what else was read with them."""

    rights: Pass
    catalogue: Catalogue
    reading: Reading

    @property
    def now(self) -> datetime:
        """The instant that all of it was read at."""
        return self.reading.now

    def token_refusals(self, ask: Ask) -> Iterator[Refusal]:
        """Why the token is not good, or not from there, whatever it would call."""
        case = decision.Case(self.catalogue, self.rights, ask, self.now)
        for check in (decision.token_form, decision.token_alive, decision.suspension, decision.origin):
            yield from check(case)

    @property
    def standing(self) -> Standing:
        return standing(self.catalogue, self.rights.grants, self.rights.application.pk, self.now)

    def explain(self, ask: Ask) -> tuple[Decision, decision.Trace]:
        """The decision, and what each check found, in their order, those of limits among them. Nothing is spent."""
        found = decision.explain(self.catalogue, self.rights, ask, self.now)
        return outlook.limited(*found, self.left(ask), self.catalogue, self.rights)

    def left(self, ask: Ask) -> outlook.States:
        """What is left of each limit; nothing while Redis is away."""
        return outlook.states(ask, self.reading, self.catalogue)

    @property
    def is_alive(self) -> bool:
        """Neither ended nor suspended. Of where it may be used from, nothing is known here."""
        case = decision.Case(self.catalogue, self.rights, Ask(endpoint=""), self.now)
        return not any(list(check(case)) for check in (decision.token_alive, decision.suspension))

    def decide(self, ask: Ask, operation: str, model: str) -> Decision:
        """May the token call this model by this operation? Nothing is spent."""
        asked = structs.replace(ask, endpoint=operation, operation=operation, model=model)
        return decision.decide(self.catalogue, self.rights, asked, self.now)


def read(token: str) -> Survey | None:
    """None for what is no token of ours. Raises Fault where the truth cannot be read."""
    if keys.parse_token(token) is None:
        return None
    try:
        reading = passes.read(keys.digests(token, settings.TOKEN_KEYS).values())
        rights = reading.rights
        if rights is None or (rights.demo and not settings.DEMO):
            return None
        return Survey(rights, catalogues.at(reading.catalogue_version), reading)
    except (DatabaseError, InterfaceError) as error:
        log.error("survey_unavailable", error=str(error))
        message = _("Trellis cannot read its database at the moment. Try again shortly.")
        raise Fault(503, "unavailable", message, headers=(("Retry-After", "2"),)) from error
    finally:
        connections.release()
