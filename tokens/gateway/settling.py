"""Settling: what a call has cost is spent, and counted as usage, once."""

from typing import Final

from tokens import keys
from tokens.gateway import clock, metering, reservations, surveys, usage
from tokens.gateway.ask import Ask
from tokens.gateway.decision import Case
from tokens.gateway.reservations import Settled

UNKNOWN: Final = "unknown"
DONE: Final = frozenset({"settled", "again", "noted"})


def settle(name: str, ask: Ask, cost: float) -> str:
    """`settled`, `again` or `noted`; or why not: `differs`, `cancelled`, `unknown`. `ask`: whose call it was, for one
    of which no reservation is known: nothing is spent for that, but it is counted. Raises Away, Fault."""
    owner = _owner(name, ask.token)
    if owner is None:
        return UNKNOWN
    now = clock.now()
    found = reservations.settle(owner, name, cost, now)
    if found.outcome == "settled":
        _count(found, now)
    if found.outcome != UNKNOWN or ask.token is None:
        return found.outcome
    return _note(owner, name, ask, cost)


def cancel(name: str, token: str | None) -> str:
    """`cancelled`, or why not: `settled`, `unknown`. With the `token` that it is reserved for, one that is unknown is
    cancelled too, so that a reservation that is still on its way comes too late. Raises Away."""
    owner = _owner(name, token)
    if owner is None:
        return UNKNOWN
    return reservations.cancel(owner, name, "" if token is None else "note")


def _owner(name: str, token: str | None) -> str | None:
    key = None if token is None else keys.parse_token(token)
    return reservations.owner_of(name) or (key.owner if key else None)


def _note(owner: str, name: str, ask: Ask, cost: float) -> str:
    """While something was away nothing could be held; all the same the call was made."""
    survey = surveys.read(ask.token or "")
    if survey is None or survey.rights.workspace != owner:
        return UNKNOWN
    case, now = Case(survey.catalogue, survey.rights, ask, survey.now), clock.now()
    found = reservations.settle(owner, name, cost, now, note_unknown=True)
    if found.outcome == "noted":
        units = metering.thousandths(cost) * (case.model.cost if case.model else 1)
        model, operation = case.model.name if case.model else "", case.match.operation.slug if case.match else ""
        _count(Settled(found.outcome, survey.rights.token, model, operation, units=units), now)
    return found.outcome


def _count(found: Settled, at: float) -> None:
    """A row for each pack, and the call in the first of them."""
    for row, (pack, of_pack) in enumerate(found.packs or (("", 0),)):
        usage.note(
            token=found.token,
            model=found.model,
            operation=found.operation,
            code="ok",
            units=0 if row else found.units,
            at=at,
            pack=pack,
            pack_units=of_pack,
            in_query=found.in_query,
            calls=0 if row else 1,
        )
