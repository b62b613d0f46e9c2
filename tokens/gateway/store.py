"""Passes and counters in Redis: one script call an ask. Every key of a call is in one slot of a cluster.

What is stored supports an allow, never a refusal: a miss, a stale pass and a spent limit all lead to PostgreSQL, whose
answer is written back here. What was read before something newer was announced is not written (fenced), and what was
confirmed longer than `FRESH_MS` ago is not believed, whatever Redis says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from accounts.announcing import workspace_key
from accounts.wire import Script, Value, Wire, connected, pack
from tokens.gateway import stored
from tokens.gateway.ask import Spent
from tokens.gateway.limits import CALL, Limit, Scope
from tokens.gateway.stored import StoredPass

FRESH_MS: Final = 30_000
# While PostgreSQL cannot be read, passes that it confirmed no longer ago than this go on to allow.
FRESH_WHILE_AWAY_MS: Final = 600_000
_KEPT: Final = 660  # seconds
TAKEN, RATE, ALLOWANCE, CONCURRENT = 1, 2, 3, 4

SCRIPTS: Final = {path.stem: path.read_text() for path in (Path(__file__).parent / "scripts").glob("*.lua")}
# The functions `take` and `told`, for scripts that spend.
TAKING: Final = f"local function take(KEYS, ARGV)\n{SCRIPTS['take']}\nend\n{SCRIPTS['told']}\n"
_TAKE: Final = Script(f"{TAKING}return told(take(KEYS, ARGV))\n")
_GIVE_BACK: Final = Script(SCRIPTS["give_back"])
_CONFIRM: Final = Script(SCRIPTS["confirm"])

_pack = msgspec.msgpack.Encoder().encode
# Names of counters begin with the letter of their scope.
_LETTERS: Final = {Scope.TOKEN: "t", Scope.APPLICATION: "a", Scope.WORKSPACE: "w", Scope.ADDRESS: "i"}
APPLICATION: Final = _LETTERS[Scope.APPLICATION]
SCOPES: Final = {letter: str(scope) for scope, letter in _LETTERS.items()}
_NO_LIMIT: Final = -1

# How the command begins by which nearly every ask is answered, as Redis reads it: `EVALSHA <take> 2`.
_TAKE_STORED: Final = f"*10\r\n$7\r\nEVALSHA\r\n$40\r\n{_TAKE.digest}\r\n$1\r\n2\r\n"

# {rate, left, reset in s, a day's units, left, a month's units, left}; -1: no such limit.
State = list[int]


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, ready for the script. `counters`: of each limit, by the letter of its scope and its subject;
    `packs`: in the order in which they are spent, after the tier's own."""

    limits: bytes
    counters: tuple[str, ...]
    packs: tuple[str, ...]


class Taken(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """As the script tells it. `status`: TAKEN, or which kind of limit refuses, in the scope `refusing` (-1: none); a
    rate for `retry_after` seconds. `age`: for how long the pass has not been confirmed, in ms. `packs`: what
    was spent of which, in units, instead of the tier's own allowance. `rights`: the stored pass, if it was that which
    was spent of."""

    status: int
    age: int
    refusing: int
    retry_after: int
    states: list[State]
    packs: tuple[tuple[str, int], ...]
    rights: StoredPass | None


# Of what the script answers.
read_taken = msgspec.msgpack.Decoder(Taken).decode


@dataclass(frozen=True, slots=True)
class Fill:
    """What PostgreSQL has just said of a token, to be written with the next spending. `read_at`: before it was read.
    `blob`: the pass to be stored, None where it may do nothing. `spent`: units of day and month of each limit, and
    of each pack."""

    version: int
    read_at: float
    blob: bytes | None
    until: datetime | None
    spent: tuple[Sequence[tuple[int, int]], Sequence[int]]


def pass_key(workspace: str, token: str) -> str:
    """Where the pass of a token lies; passes of another release may lie elsewhere. It is looked for by a hash of its
    own, under the same secret key, which costs a third of the one that PostgreSQL is asked for."""
    digest = _keyed().copy()
    digest.update(token.encode())
    return f"{{{workspace}}}:p{stored.FORMAT}:{digest.hexdigest()}"


def no_key(workspace: str) -> str:
    """Where no pass lies, in the slot of the workspace."""
    return f"{{{workspace}}}:p"


def budget(held: Iterable[Limit], now: float = 0.0) -> Budget:
    """Of packs, those that are there now."""
    limits = list(held)
    rows = [
        (
            f"{_LETTERS[limit.scope]}{limit.subject}",
            _NO_LIMIT if limit.facts.per_minute is None else limit.facts.per_minute,
            _NO_LIMIT if limit.facts.per_day is None else limit.facts.per_day * CALL,
            _NO_LIMIT if limit.facts.per_month is None else limit.facts.per_month * CALL,
            int(limit.scope is Scope.APPLICATION),
            _NO_LIMIT if limit.facts.concurrent is None else limit.facts.concurrent,
        )
        for limit in limits
    ]
    packs = [(pack.id, pack.calls * CALL) for limit in limits for pack in limit.packs if pack.is_there(now)]
    return Budget(
        limits=_pack((rows, packs)),
        counters=tuple(row[0] for row in rows),
        packs=tuple(pack for pack, _units in packs),
    )


def taking(workspace: str, key: str, now: float, *, units: int, fresh_ms: int = FRESH_MS) -> bytes:
    """The command that spends of the stored pass. What it answers is for `read_stored`."""
    counters = workspace_key(workspace)
    return (
        f"{_TAKE_STORED}${len(counters)}\r\n{counters}\r\n${len(key)}\r\n{key}\r\n"
        # Milliseconds have 13 digits until the year 2286.
        f"$13\r\n{int(now * 1000)}\r\n{_taking_ends(fresh_ms, units, int(now) // 86_400)}"
    ).encode()


@lru_cache(maxsize=1024)
def _taking_ends(fresh_ms: int, units: int, day: int) -> str:
    """The same for many calls: how old a confirmation may be, the units, that the attempt counts, and the month."""
    arguments = (str(fresh_ms), str(units), "1", str(_month(day)))
    return "".join(f"${len(argument)}\r\n{argument}\r\n" for argument in arguments)


def read_stored(reply: Any) -> Taken | None:
    """None where there is no pass that is good."""
    return read_taken(reply) if isinstance(reply, bytes) else None


def aged_version(reply: Any) -> int | None:
    """The rights version of a pass that was confirmed too long ago, and is good for as long as this is the newest."""
    return int(reply[2]) if isinstance(reply, list) and len(reply) == 3 else None


def take(workspace: str, key: str, now: float, *, units: int, fresh_ms: int = FRESH_MS) -> Taken | None:
    """Spend of the stored pass; None where there is none that is good. Raises Away."""
    reply = _wire().ask(taking(workspace, key, now, units=units, fresh_ms=fresh_ms))
    if reply is None:
        keys, given = (workspace_key(workspace), key), (int(now * 1000), fresh_ms, units, 1, month(now))
        reply = _wire().run(_TAKE, keys, given)
    return read_stored(reply)


def take_read(
    workspace: str, key: str | None, now: float, *, units: int, count: bool, held: Budget, fill: Fill
) -> Taken:
    """Spend by what PostgreSQL has just said, and store that. Raises Away."""
    keys = (workspace_key(workspace), key or no_key(workspace))
    return read_taken(_wire().run(_TAKE, keys, arguments(now, units=units, count=count, held=held, fill=fill)))


def take_of_address(address: str, now: float, *, units: int, held: Budget, count: bool = True) -> Taken:
    """Spend of what whoever has no token may, by address. Raises Away."""
    name = of_address(address)
    keys = (workspace_key(name), f"{{{name}}}:p")
    return read_taken(_wire().run(_TAKE, keys, arguments(now, units=units, count=count, held=held, fill=None)))


def of_address(address: str) -> str:
    """The name under which its counters are kept, as a workspace's are under its public id."""
    return f"a:{address}"


def arguments(now: float, *, units: int, count: bool, held: Budget, fill: Fill | None) -> list[Value]:
    """Of the script `take`, with what PostgreSQL has just said; `fill` is None where nothing is stored there."""
    spent = ([(0, 0) for _counter in held.counters], []) if fill is None else fill.spent
    found: list[Value] = [int(now * 1000), FRESH_MS, units, int(count), month(now), held.limits, _pack(spent)]
    if fill is not None:
        found += [fill.version, int(fill.read_at * 1000)]
        if fill.blob is not None:
            ends = "" if fill.until is None else int(fill.until.timestamp() * 1000)
            found += [ends, fill.blob, _KEPT]
    return found


def give_back(spent: Spent, now: float) -> None:
    """Undo a spending whose call was refused after all. Raises Away."""
    _wire().run(_GIVE_BACK, (workspace_key(spent.workspace),), _given(spent, now))


def giving_back(spent: Spent, now: float) -> bytes:
    """The same as a packed command."""
    return pack("EVALSHA", _GIVE_BACK.digest, 1, workspace_key(spent.workspace), *_given(spent, now))


def _given(spent: Spent, now: float) -> tuple[Value, ...]:
    of_packs = sum(units for _pack, units in spent.packs)
    own = [(name, spent.units - (of_packs if name[0] == APPLICATION else 0)) for name in spent.scopes]
    return int(now) // 86_400, month(now), _pack((own, spent.packs))


def with_units(state: State, units: int) -> State:
    """What is left where so many units of day and month are not spent after all."""
    rate, left, reset, day, day_left, month, month_left = state
    return [rate, left, reset, day, day_left + units * (day >= 0), month, month_left + units * (month >= 0)]


def confirm(versions: Iterable[tuple[str, int]], read_at: float) -> None:
    """PostgreSQL had these versions of workspaces when it was read. Raises Away."""
    at = int(read_at * 1000)
    _wire().run_all(_CONFIRM, [((workspace_key(name),), (version, at)) for name, version in versions])


def confirming(workspace: str, version: int, read_at: float) -> bytes:
    """The same of one workspace, as a packed command."""
    return pack("EVALSHA", _CONFIRM.digest, 1, workspace_key(workspace), version, int(read_at * 1000))


def month(now: float) -> int:
    """As 202611."""
    day = int(now // 86400)
    return _month(day)


@cache
def _month(day: int) -> int:
    at = datetime.fromtimestamp(day * 86400, UTC)
    return at.year * 100 + at.month


def seconds_left(now: float) -> tuple[int, int]:
    """Of the UTC day, and of the month."""
    return _seconds_left(int(now))


@lru_cache(maxsize=8)
def _seconds_left(now: int) -> tuple[int, int]:
    """One that has begun is counted."""
    today = now // 86_400
    at = datetime.fromtimestamp(today * 86_400, UTC)
    first = at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1, day=1)
    return (today + 1) * 86_400 - now, int(first.timestamp()) - now


def _wire() -> Wire:
    return _connected()


@cache
def _connected() -> Wire:
    return connected(settings.PASS_STORE_URL)


@cache
def _keyed() -> blake2b:
    """With the key in it already: half of the work."""
    key: bytes = next(iter(settings.TOKEN_KEYS.values()))
    return blake2b(key=key[:64], digest_size=16)


@receiver(setting_changed)
def _read_settings_again(**_about: Any) -> None:
    """Reading one costs more than a look at a cache; only tests change any."""
    _connected.cache_clear()
    _keyed.cache_clear()
