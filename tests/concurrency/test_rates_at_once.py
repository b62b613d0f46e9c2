"""A rate holds however many ask at once: R a minute are at most R + R·t/60 in t seconds, and at least that less one.

The bounds are of times measured around the calls, so that a slow machine widens them and breaks nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from tests.tokens.gateway.worlds import A_PASS
from tiers.facts import LimitFacts
from tokens.gateway import store
from tokens.gateway.limits import Limit, Scope

CALLERS, REFUSALS = 64, 3000
NOW = 1_795_348_800.0
OWNER, KEY = "wwwwwwwwwwww", "{wwwwwwwwwwww}:p:1"


def test_callers_that_hammer_get_what_the_rate_gives_and_no_more() -> None:
    rate = 600
    budget = store.budget([Limit(Scope.APPLICATION, "a", LimitFacts(per_minute=rate))])
    fill = store.Fill(1, NOW, A_PASS, None, ([(0, 0)], []))
    began = time.monotonic()
    assert store.take_read(OWNER, KEY, NOW, units=1, count=True, held=budget, fill=fill).status == store.TAKEN
    first_ended = time.monotonic()
    guard, allowed, refused, last_refused = Lock(), 1, 0, 0.0

    def hammer() -> None:
        nonlocal allowed, refused, last_refused
        while refused < REFUSALS:
            before = time.monotonic()
            taken = store.take(OWNER, KEY, NOW, units=1)
            assert taken is not None
            with guard:
                if taken.status == store.TAKEN:
                    allowed += 1
                else:
                    assert taken.status == store.RATE
                    refused, last_refused = refused + 1, max(last_refused, before)

    with ThreadPoolExecutor(CALLERS) as pool:
        for done in [pool.submit(hammer) for _caller in range(CALLERS)]:
            done.result()
    ended = time.monotonic()
    # Whoever is refused finds less than one call left: all others had passed by then.
    assert allowed <= rate + rate * (ended - began) / 60 + 1e-3
    assert allowed >= rate + rate * (last_refused - first_ended) / 60 - 1
