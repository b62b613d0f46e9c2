"""Reservations: what a call will cost is held in Redis until its true cost is known, or its time is over.

Each step is one script on the keys of one workspace. A reservation takes one of the calls at once of each scope, which
is free again the moment the reservation ends, by Redis' own clock and with nobody's help. What it held is given back by
the next script that reservations run on the workspace, by an ask that would else be refused, or by `sweep()`.
"""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
from django.conf import settings

from accounts.announcing import workspace_key
from accounts.wire import Away, Script, Value, Wire, connected
from tokens.gateway import store
from tokens.gateway.ask import Decision, Hold, LimitState
from tokens.gateway.limits import CALL
from tokens.gateway.local_limits import AT_ONCE

# A call may end at any moment.
RETRY_AFTER: Final = 1  # seconds
# So long the name of a call is remembered after its reservation ended; `KEPT` of the scripts, in seconds.
KEPT: Final = 3600
_SWEPT_AT_ONCE: Final = 500
_MOST_SWEPT: Final = 100_000

_COMMON: Final = store.SCRIPTS["reservations"]
_RESERVE: Final = Script(_COMMON + store.TAKING + store.SCRIPTS["reserve"])
_SETTLE: Final = Script(_COMMON + store.SCRIPTS["settle"])
_CANCEL: Final = Script(_COMMON + store.SCRIPTS["cancel"])
_FIND: Final = Script(_COMMON + store.SCRIPTS["find"])
_LAPSE: Final = Script(_COMMON + store.SCRIPTS["lapse"])
_CLAIM: Final = Script(store.SCRIPTS["claim"])

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


@dataclass(frozen=True, slots=True)
class Wanted:
    """`name`: of the call, with the gateway's id in it. `price`: of one call, in calls. `about`: whom and what to count
    once it is settled. `told`: what is answered, to be answered again."""

    name: str
    seconds: int
    asked: str
    price: int
    about: bytes
    told: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """`at_once`: of each scope its limit of calls at once (-1: none), how many are left, and in how many seconds all
    of them are at the latest."""

    taken: store.Taken
    ends: datetime
    at_once: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered under a name. `state`: held, settled, cancelled or expired. `asked`: empty for a call that was
    never reserved. The rest is of one that is held: what was answered, and what was left of the limits of each of
    `scopes`."""

    state: str
    ends: datetime
    asked: str
    told: bytes
    states: Sequence[store.State] = ()
    at_once: Sequence[Sequence[int]] = ()
    scopes: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """`outcome`: settled; again (as before) or differs (by another cost); noted, of one that was unknown; cancelled; or
    unknown. `units`: what it spent, `packs` of that by pack."""

    outcome: str
    token: str = ""
    model: str = ""
    operation: str = ""
    in_query: bool = False
    units: int = 0
    packs: tuple[tuple[str, int], ...] = ()


class Known(Exception):
    """This name has a record."""

    def __init__(self, record: Record) -> None:
        self.record = record
        super().__init__(record.state)


def wanted(hold: Hold, decision: Decision, price: int) -> Wanted:
    """`decision`: an allow."""
    identity, ask = decision.identity, decision.ask
    about = (identity.token if identity else "", decision.model or "", decision.operation or "", ask.token_in_query)
    return Wanted(hold.name, hold.seconds, hold.asked, price, _pack(about), hold.told(decision))


def reserve(wanted: Wanted, owner: str, pass_key: str, arguments: Sequence[Value]) -> Held:
    """`owner`: the name of the workspace, or of an address. `arguments`: of the script `take`. Raises Away, Known."""
    own = (wanted.name, wanted.seconds * 1000, wanted.asked, wanted.price, wanted.about, wanted.told)
    reply = _wire().run(_RESERVE, (*_keys(owner), pass_key), (*own, *arguments))
    if len(reply) > 3:
        raise Known(_record(reply))
    _look_at(owner, wanted.seconds)
    return Held(store.read_taken(reply[0]), _moment(reply[1]), reply[2])


def claim(name: str, owner: str, seconds: int) -> str:
    """Whose call of this name is: from now on the `owner`'s, unless it was another's before. Raises Away."""
    found = _wire().run(_CLAIM, (_owner_key(name),), (owner, seconds + KEPT))
    return found.decode() if found else owner


def owner_of(name: str) -> str | None:
    """Raises Away."""
    found = _wire().call("GET", _owner_key(name), key=_owner_key(name))
    return found.decode() if found else None


def find(owner: str, name: str) -> Record | None:
    """Raises Away."""
    reply = _wire().run(_FIND, _keys(owner), (name,))
    return _record(reply) if reply else None


def settle(owner: str, name: str, cost: float, now: float, *, note_unknown: bool = False) -> Settled:
    """`cost`: in calls, before their price. Raises Away."""
    arguments = (name, math.ceil(cost * CALL), int(now) // 86_400, store.month(now), int(note_unknown))
    outcome, *rest = _wire().run(_SETTLE, _keys(owner), arguments)
    if not rest:
        return Settled(outcome.decode())
    about, units, *packs = rest
    parts = tuple((pack.decode(), part) for pack, part in packs)
    token, model, operation, in_query = _unpack(about)
    return Settled(outcome.decode(), token, model, operation, in_query, units, parts)


def cancel(owner: str, name: str, how: Literal["", "forget", "note"] = "") -> str:
    """`cancelled`, or why not: `settled` or `unknown`. `forget`: as if it had never been; `note`: remember one unknown,
    too. Raises Away."""
    outcome: bytes = _wire().run(_CANCEL, _keys(owner), (name, how))
    return outcome.decode()


def lapse(owner: str) -> bool:
    """Give back what reservations hold whose time is over; whether there were any. Raises Away."""
    ended, wait = _wire().run(_LAPSE, _keys(owner), ())
    if wait >= 0:
        _look_at(owner, wait / 1000)
    return bool(ended)


def states(at_once: Sequence[Sequence[int]], counters: Sequence[str]) -> list[LimitState]:
    """Of those scopes that have a limit of calls at once."""
    return [
        LimitState(AT_ONCE, limit, left, reset, store.SCOPES[counter[0]])
        for (limit, left, reset), counter in zip(at_once, counters, strict=True)
        if limit >= 0
    ]


# --- What nobody else looks at ----------------------------------------------------------------------------

# When to look at whose reservations again, by this process's own clock: those of workspaces that it reserved for.
_looks: dict[str, float] = {}
_guard = threading.Lock()


def _look_at(owner: str, seconds: float) -> None:
    with _guard:
        if owner in _looks or len(_looks) < _MOST_SWEPT:
            _looks[owner] = min(_looks.get(owner, math.inf), time.monotonic() + seconds)


def sweep() -> None:
    """Give back what this process reserved and nobody settled, cancelled or came upon."""
    with _guard:
        now = time.monotonic()
        due = [owner for owner, at in _looks.items() if at <= now][:_SWEPT_AT_ONCE]
        for owner in due:
            del _looks[owner]
    for owner in due:
        try:
            lapse(owner)
        except Away:
            _look_at(owner, 1)


def _keys(owner: str) -> tuple[str, str, str, str]:
    return workspace_key(owner), f"{{{owner}}}:r", f"{{{owner}}}:h", f"{{{owner}}}:c"


def _owner_key(name: str) -> str:
    return f"{{r:{name}}}"


def _record(reply: Sequence[Any]) -> Record:
    state, ends, asked, told, packed = reply
    return Record(state.decode(), _moment(ends), asked.decode(), told, *(_unpack(packed) if packed else ()))


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _wire() -> Wire:
    return connected(settings.PASS_STORE_URL)
