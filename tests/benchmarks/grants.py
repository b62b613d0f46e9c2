"""A grant committed → the first call, at once, in a process of the gateway that has just refused the same: not one may
be refused, however many are tried. Several processes grant at the same time."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure, share
from tests.benchmarks.place import place
from tests.benchmarks.platforms import GATED, Platform, platform
from tests.benchmarks.scale import Scale
from tests.environment import CLONE
from tokens.demo.synthetic import TOKENS_A_WORKSPACE

GRANTERS = 4
SOON_MS = 5.0


def measure(scale: Scale) -> Iterator[Figure]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        here = stack.enter_context(place())
        made = stack.enter_context(platform(here, scale.grants * TOKENS_A_WORKSPACE, 1, folder))
        server = stack.enter_context(made.serve_apart(workers=2))
        results = _grant(made, server.port)
    if len(results) != scale.grants:
        raise RuntimeError(f"only {len(results)} of {scale.grants} grants were seen to their end")
    soon = sum(one["begun_ms"] <= SOON_MS for one in results)
    yield Figure(
        "grant_lag_refusals", sum(one["refusals"] for one in results), "refusals after the commit of a grant; must be 0"
    )
    yield Figure("grant_lag_trials", soon, f"first calls begun within 5 ms of the commit, of {len(results):,} grants")
    spent = [one["ms"] for one in results]
    yield Figure("grant_to_access_p99_ms", share(spent, 0.99), "commit → allowed, four processes granting at once")


def _grant(made: Platform, port: int) -> list[dict[str, Any]]:
    """One token of each workspace: they lie in the file workspace by workspace."""
    tokens = made.tokens.read_text().splitlines()[::TOKENS_A_WORKSPACE]
    given = {"gateway": port, "headers": made.place.headers, "model": GATED}

    def run(number: int) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.granter"],
            input=json.dumps({**given, "tokens": tokens[number::GRANTERS]}),
            env=made.place.environment,
            cwd=CLONE,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=900,
        )
        return done.stdout

    with ThreadPoolExecutor(GRANTERS) as pool:
        told = list(pool.map(run, range(GRANTERS)))
    return [json.loads(line) for said in told for line in said.splitlines()]
