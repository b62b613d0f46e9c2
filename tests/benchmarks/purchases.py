"""Event received → commit → first call allowed, under load, in four cases of one run: all is up; the worker is dead;
Redis is emptied every second; and, to compare with, the way in which it is commonly done (`common_way.py`)."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from config.celery import app
from tests import factories
from tests.benchmarks.figures import Figure, share
from tests.benchmarks.place import Place, granian, place
from tests.benchmarks.scale import Scale
from tests.environment import CLONE
from tests.fixtures.proxies import ended
from tests.jobs import shop
from tokens.actions.tokens import Minted

BUYERS, WARM = 4, 5  # WARM: first ones of each buyer, which find servers still loading
BETWEEN = 0.35  # seconds between two purchases of a buyer: of all four together, ten purchases a second at most
COMMON_PURCHASES, COMMON_LANES = 120, 3  # a buyer there waits for seconds, so three stand at each till
SOON = 0.005  # seconds after the commit
# Told by PostgreSQL as the transaction begins to commit: what is reckoned from there is rather too long than too short.
TELLS = """
CREATE FUNCTION bench_tells() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_notify('granted_' || public_id, extract(epoch FROM clock_timestamp())::text)
       FROM accounts_workspace WHERE id = NEW.workspace_id AND NEW.order_id IS NOT NULL;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bench_tells AFTER INSERT ON tiers_grant DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION bench_tells();
"""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    about: str
    worker: bool = True
    emptied: bool = False
    common: bool = False


CASES = (
    Case("up", "everything up"),
    Case("worker_dead", "Celery worker and beat killed", worker=False),
    Case("redis_emptied", "Redis emptied every second", emptied=True),
    Case("common_way", "granted by a Celery task, decisions kept for 5 s", common=True),
)

COMMON_WAY = "tests.benchmarks.common_way:application"


def measure(scale: Scale) -> Iterator[Figure]:
    with place() as here:
        with connection.cursor() as cursor:
            cursor.execute(TELLS)
        shop.open_shop()
        sys.stderr.write(f"  {scale.purchases} workspaces …\n")
        with transaction.atomic():
            tokens = [factories.token() for _ in range(scale.purchases + BUYERS * WARM + 1)]
        seen = {case: _run(case, here, tokens) for case in CASES}
    for case, results in seen.items():
        yield from _figures(case, results)
    ours = [result for case, results in seen.items() if not case.common for result in results]
    worst = max(share(_spent(results), 0.99) for case, results in seen.items() if not case.common)
    yield Figure("event_to_access_p99_ms", worst, f"the worst of the first three cases, {len(ours):,} purchases in all")
    yield Figure(
        "purchase_lag_refusals", sum(r["refusals"] for r in ours), "refusals after the commit, of these; must be 0"
    )
    soon = sum(r["begun"] - r["committed"] <= SOON for r in ours)
    yield Figure("purchase_lag_trials", soon, "first calls of these begun within 5 ms of the commit")


def _run(case: Case, here: Place, tokens: list[Minted]) -> list[dict[str, Any]]:
    sys.stderr.write(f"  {case.about} …\n")
    model = shop.gated_model(f"bench-{case.name.replace('_', '-')}")
    of = shop.product(model)
    bought = tokens[: COMMON_PURCHASES + BUYERS * COMMON_LANES] if case.common else tokens[:-1]
    purchases = [
        {
            "order": f"{case.name}_{number}",
            "workspace": minted.token.application.workspace.public_id,
            "product": of.slug,
            "token": minted.text,
            "model": model.name,
        }
        for number, minted in enumerate(bought)
    ]
    with ExitStack() as stack:
        web, gateway = (
            stack.enter_context(granian(COMMON_WAY, here.environment, workers=2) if case.common else here.serve()).port
            for _ in range(2)
        )
        if case.worker:
            stack.enter_context(
                _celery(here, "tests.benchmarks.common_way" if case.common else "config", beat=not case.common)
            )
        if case.emptied:
            stack.enter_context(_emptied_each_second())
        stack.enter_context(_callers(here, gateway, tokens[-1]))
        lane = {
            "web": web,
            "gateway": gateway,
            "headers": here.headers,
            "path": shop.PATH,
            "secret": shop.SECRET,
            "database": make_conninfo(settings.DATABASE_URL, dbname=here.environment["TEST_DATABASE_NAME"]),
            "lanes": COMMON_LANES if case.common else 1,
            "pause": 0.05 if case.common else 0,
            "between": BETWEEN,
            "warm": 1 if case.common else WARM,
        }
        return _buy(lane, purchases)


def _buy(lane: dict[str, Any], purchases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.benchmarks.buyer"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": CLONE}
    with ExitStack() as stack:
        buyers = [stack.enter_context(ended(subprocess.Popen(command, **pipes))) for _ in range(BUYERS)]
        told: dict[int, str] = {}

        def run(number: int) -> None:
            share = {"lane": lane, "purchases": purchases[number::BUYERS]}
            told[number] = buyers[number].communicate(json.dumps(share), timeout=900)[0]

        threads = [threading.Thread(target=run, args=[number]) for number in range(BUYERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    results = [json.loads(line) for said in told.values() for line in said.splitlines()]
    counted = len(purchases) - BUYERS * lane["lanes"] * lane["warm"]
    if len(results) != counted:
        raise RuntimeError(f"only {len(results)} of {counted} purchases were seen to their end")
    return results


@contextmanager
def _celery(here: Place, name: str, *, beat: bool) -> Iterator[None]:
    """As `make run` starts them. Ended by SIGKILL: there is nothing that they would have to tidy up."""
    base = [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "--app", name]
    worker = [*base, "worker", "--queues", "rights,rest", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    schedule = Path(os.environ.get("TMPDIR", "/tmp")) / f"bench-beat-{os.getpid()}"  # noqa: S108
    clock = [*base, "beat", "--schedule", str(schedule), "--pidfile="]
    with ExitStack() as stack:
        for command in [worker, clock][: 2 if beat else 1]:
            options = ["--loglevel", "error"]
            stack.enter_context(ended(subprocess.Popen([*command, *options], cwd=CLONE, env=here.environment)))
        _await_worker()
        yield
    schedule.unlink(missing_ok=True)


def _await_worker() -> None:
    deadline = time.monotonic() + 60
    while not app.control.ping(timeout=0.5):
        if time.monotonic() > deadline:
            raise RuntimeError("no Celery worker answers")


@contextmanager
def _emptied_each_second() -> Iterator[None]:
    done = threading.Event()
    client = redis.Redis.from_url(settings.REDIS_URL)

    def empty() -> None:
        while not done.wait(1):
            client.flushdb()

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        client.close()


@contextmanager
def _callers(here: Place, port: int, minted: Minted) -> Iterator[None]:
    """The load beside the purchases: two gateways, each with a call every 20 ms if it gets its answers so soon."""
    command = [sys.executable, "-m", "tests.benchmarks.caller", str(port)]
    given = json.dumps({"ask": here.ask(minted.text).decode(), "headers": here.headers})
    with ExitStack() as stack:
        for _ in range(2):
            process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=CLONE, text=True)
            stack.enter_context(ended(process))
            assert process.stdin is not None
            process.stdin.write(given)
            process.stdin.close()
        yield


def _figures(case: Case, results: list[dict[str, Any]]) -> Iterator[Figure]:
    parts = {
        "event_to_commit": [1000 * (r["committed"] - r["sent"]) for r in results],
        "commit_to_access": [1000 * (r["allowed"] - r["committed"]) for r in results],
        "event_to_access": _spent(results),
    }
    for part, spent in parts.items():
        for name, part_of in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            yield Figure(
                f"{case.name}_{part}_{name}_ms", share(spent, part_of), f"{case.about}, {len(results)} purchases"
            )
    yield Figure(f"{case.name}_refusals", sum(r["refusals"] for r in results), "calls refused after the commit")


def _spent(results: list[dict[str, Any]]) -> list[float]:
    return [1000 * (result["allowed"] - result["sent"]) for result in results]
