"""Reserve, settle, cancel, run out and take, in any order and doubled: the scripts count as a plain model does."""

from collections import Counter
from typing import Any

import msgspec
import pytest
import redis
from django.conf import settings
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tiers.facts import LimitFacts
from tokens.gateway import reservations, store
from tokens.gateway.limits import CALL, Limit, Pack, Scope
from tokens.gateway.reservations import Known, Wanted

NOON = 1_795_348_800.0
WORKSPACE, KEY = "wwwwwwwwwwww", "{wwwwwwwwwwww}:p:d"
SCOPES = ("tt", "aa", "ww")
most = st.none() | st.integers(0, 6)
names = st.sampled_from(["one", "two", "three", "four"])
costs = st.integers(0, 4000)
facts = st.builds(LimitFacts, st.none(), most, most, st.none() | st.integers(1, 3))


class Model:
    """Everything that was spent of each scope's day and month, and of each pack; and every call by its name."""

    def __init__(self, limits: list[Limit], packs: dict[str, int]) -> None:
        self.limits, self.packs = {f"{limit.scope.value[0]}{limit.subject}": limit.facts for limit in limits}, packs
        self.spent: Counter[tuple[str, int]] = Counter()
        self.used: Counter[str] = Counter()
        self.calls: dict[str, dict[str, Any]] = {}

    def left(self, scope: str, now: float) -> float:
        day, month = int(now) // 86400, store.month(now)
        of = self.limits[scope]
        lefts = [(of.per_day, day), (of.per_month, month)]
        found = [max(0, most * CALL - self.spent[scope, when]) for most, when in lefts if most is not None]
        return min(found, default=float("inf"))

    def spend(self, units: int, now: float, *, whatever_is_left: bool = False) -> dict[str, Any] | None:
        """What it spent of what; None where it is too much."""
        own = dict.fromkeys(self.limits, units)
        own["aa"] = int(min(units, self.left("aa", now)))
        parts, rest = {}, units - own["aa"]
        for pack, calls in self.packs.items():
            parts[pack] = min(rest, max(0, calls * CALL - self.used[pack]))
            rest -= parts[pack]
        if whatever_is_left:
            own["aa"] += rest
        elif rest or any(self.left(scope, now) < part for scope, part in own.items()):
            return None
        self._add(own, parts, now, 1)
        return {"own": own, "parts": parts, "at": now}

    def give_back(self, held: dict[str, Any]) -> None:
        self._add(held["own"], held["parts"], held["at"], -1)

    def _add(self, own: dict[str, int], parts: dict[str, int], at: float, sign: int) -> None:
        for scope, part in own.items():
            self.spent[scope, int(at) // 86400] += sign * part
            self.spent[scope, store.month(at)] += sign * part
        for pack, part in parts.items():
            self.used[pack] += sign * part

    def lapse(self) -> None:
        for call in self.calls.values():
            if call["state"] == "held" and call["over"]:
                self.give_back(call["held"])
                call["state"] = "expired"

    def under_way(self) -> int:
        return sum(call["state"] == "held" for call in self.calls.values())


class Reservations(RuleBasedStateMachine):
    @initialize(of=st.tuples(facts, facts, facts), packs=st.lists(st.integers(1, 4), max_size=2))
    def begin(self, of: tuple[LimitFacts, ...], packs: list[int]) -> None:
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
        self.now = NOON
        self.packs = {f"p{n}": calls for n, calls in enumerate(packs)}
        held = tuple(Pack(name, calls, 0.0) for name, calls in self.packs.items())
        scopes = zip((Scope.TOKEN, Scope.APPLICATION, Scope.WORKSPACE), SCOPES, of, strict=True)
        self.limits = [
            Limit(scope, name[1:], facts, held if scope is Scope.APPLICATION else ()) for scope, name, facts in scopes
        ]
        self.model = Model(self.limits, self.packs)
        self.budget = store.budget(self.limits, NOON)

    def arguments(self, units: int) -> list[Any]:
        nothing = ([(0, 0)] * 3, [0] * len(self.packs))
        fill = store.Fill(1, self.now, None, None, nothing)
        return store.arguments(self.now, units=units, count=False, held=self.budget, fill=fill)

    def take(self, units: int) -> store.Taken:
        fill = store.Fill(1, self.now, None, None, ([(0, 0)] * 3, [0] * len(self.packs)))
        return store.take_read(WORKSPACE, KEY, self.now, units=units, count=False, held=self.budget, fill=fill)

    @rule(name=names, units=costs, price=st.integers(1, 2), over=st.booleans())
    def reserve(self, name: str, units: int, price: int, over: bool) -> None:
        wanted = Wanted(name, 0 if over else 3600, f"{units}", price, b"\x94\xa1t\xa0\xa0\xc2", b"{}")
        self.model.lapse()
        known = self.model.calls.get(name)
        if known is not None:
            with pytest.raises(Known) as found_out:
                reservations.reserve(wanted, WORKSPACE, KEY, self.arguments(units))
            record = found_out.value.record
            assert (record.state, record.asked) == (known["state"], known["asked"])
            return
        found = reservations.reserve(wanted, WORKSPACE, KEY, self.arguments(units))
        busy = self.model.under_way()
        at_once = [limit.facts.concurrent for limit in self.limits]
        if any(most is not None and busy >= most for most in at_once):
            assert found.taken.status == store.CONCURRENT
            return
        held = self.model.spend(units, self.now)
        assert (found.taken.status == store.TAKEN) == (held is not None)
        if held is not None:
            state = {"state": "held", "asked": f"{units}", "over": over, "held": held, "price": price, "cost": None}
            self.model.calls[name] = state
            left = [-1 if most is None else most - busy - 1 for most in at_once]
            assert [row[1] for row, most in zip(found.at_once, at_once, strict=True) if most is not None] == [
                one for one, most in zip(left, at_once, strict=True) if most is not None
            ]

    @rule(name=names, cost=costs)
    def settle(self, name: str, cost: int) -> None:
        found = reservations.settle(WORKSPACE, name, cost / CALL, self.now)
        self.model.lapse()
        call = self.model.calls.get(name)
        if call is None or call["state"] == "cancelled":
            assert found.outcome == ("unknown" if call is None else "cancelled")
        elif call["state"] == "settled":
            assert found.outcome == ("again" if call["cost"] == cost else "differs")
        else:
            if call["state"] == "held":
                self.model.give_back(call["held"])
            spent = self.model.spend(cost * call["price"], self.now, whatever_is_left=True)
            assert spent is not None
            assert (found.outcome, found.token, found.units) == ("settled", "t", cost * call["price"])
            assert dict(found.packs) == {pack: part for pack, part in spent["parts"].items() if part}
            call |= {"state": "settled", "cost": cost}

    @rule(name=names)
    def cancel(self, name: str) -> None:
        outcome = reservations.cancel(WORKSPACE, name)
        self.model.lapse()
        call = self.model.calls.get(name)
        if call is None or call["state"] == "settled":
            assert outcome == ("unknown" if call is None else "settled")
            return
        assert outcome == "cancelled"
        if call["state"] == "held":
            self.model.give_back(call["held"])
        call["state"] = "cancelled"

    @rule(units=costs)
    def take_plainly(self, units: int) -> None:
        assert (self.take(units).status == store.TAKEN) == (self.model.spend(units, self.now) is not None)

    @rule()
    def sweep(self) -> None:
        over = any(call["state"] == "held" and call["over"] for call in self.model.calls.values())
        assert reservations.lapse(WORKSPACE) == over
        self.model.lapse()

    @rule(days=st.integers(1, 20))
    def days_go_by(self, days: int) -> None:
        self.now += days * 86400

    @invariant()
    def what_is_spent_is_the_same(self) -> None:
        """Overdrawn too, which no answer tells."""
        assert self.take(0).status == store.TAKEN
        kept = redis.Redis.from_url(settings.REDIS_URL).hgetall(store.workspace_key(WORKSPACE))
        day, month = int(self.now) // 86400, store.month(self.now)
        for scope in SCOPES:
            _tat, *spent = msgspec.msgpack.decode(kept[f"s{scope}".encode()])
            assert spent == [day, self.model.spent[scope, day], month, self.model.spent[scope, month]]
        for pack in self.packs:
            assert int(kept[f"k{pack}".encode()]) == self.model.used[pack]


TestReservations = Reservations.TestCase
TestReservations.settings = profile(profile.default, max_examples=80, stateful_step_count=40)
