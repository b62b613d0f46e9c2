"""An answer adds to counts in memory; each second they go to Redis, once."""

import json
import os
import subprocess
import sys
from threading import Thread
from typing import Any

import pytest
import redis

from tests.fixtures.workers import CLONE
from tests.tokens.usage.lossy import Line
from tokens.gateway import usage
from tokens.gateway.usage import BATCHES, DAY, Tally

TOKEN = "token0000001"
NOON = 20_000 * DAY + DAY / 2


def call(tally: Tally, token: str = TOKEN, **values: Any) -> None:
    given = {"model": "gpt", "operation": "chat_completion", "code": "ok", "units": 1000, "at": NOON, **values}
    tally.note(token=token, **given)


def batches(server: "redis.Redis[bytes]") -> dict[str, dict[str, Any]]:
    return {name.decode(): json.loads(content) for name, content in server.hgetall(BATCHES).items()}


def test_calls_alike_are_one_row_of_one_batch(server: "redis.Redis[bytes]") -> None:
    tally = Tally()
    call(tally)
    call(tally, at=NOON + 1, pack="pack00000001", units=3000, pack_units=2000)
    call(tally, at=NOON + 2)
    tally.note_gateway("gateway00001", NOON)
    assert tally.flush()
    [(name, batch)] = batches(server).items()
    assert name == f"{tally.process}:1"
    assert batch["gateways"] == {"gateway00001": NOON}
    assert sorted(batch["rows"]) == [
        ["token0000001", "gpt", "chat_completion", "ok", "", False, 20_000, 2, 2000, 0, NOON + 2],
        ["token0000001", "gpt", "chat_completion", "ok", "pack00000001", False, 20_000, 1, 3000, 2000, NOON + 1],
    ]


def test_nothing_counted_sends_nothing(server: "redis.Redis[bytes]") -> None:
    assert Tally().flush()
    assert not server.exists(BATCHES)


def test_what_could_not_be_sent_is_sent_later_with_what_came_since(server: "redis.Redis[bytes]", line: Line) -> None:
    tally = Tally()
    call(tally)
    line.away = True
    assert not tally.flush()
    call(tally)
    assert not tally.flush()
    assert not server.exists(BATCHES)
    line.away = False
    assert tally.flush()
    assert sum(row[7] for batch in batches(server).values() for row in batch["rows"]) == 2


def test_a_batch_whose_acknowledgement_got_lost_is_sent_again_as_what_it_was(
    server: "redis.Redis[bytes]", line: Line
) -> None:
    tally = Tally()
    call(tally)
    line.deaf = True
    assert not tally.flush()
    assert len(batches(server)) == 1
    call(tally)
    line.deaf = False
    assert tally.flush()
    sent = batches(server)
    assert {name: [row[7] for row in batch["rows"]] for name, batch in sent.items()} == {
        f"{tally.process}:1": [1],
        f"{tally.process}:2": [1],
    }


def test_no_call_is_lost_or_doubled_between_threads_that_count_and_one_that_sends(server: "redis.Redis[bytes]") -> None:
    tally, threads, each = Tally(), 4, 20_000

    def count() -> None:
        for number in range(each):
            call(tally, token=f"token{number % 7:07}")

    counting = [Thread(target=count) for _ in range(threads)]
    for thread in counting:
        thread.start()
    while any(thread.is_alive() for thread in counting):
        tally.flush()
    assert tally.flush(final=True)
    rows = [row for batch in batches(server).values() for row in batch["rows"]]
    assert sum(row[7] for row in rows) == threads * each
    assert sum(row[8] for row in rows) == threads * each * 1000


def test_memory_is_bounded_while_redis_is_away(
    server: "redis.Redis[bytes]", line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MAX_KEYS", 10)
    tally = Tally()
    line.away = True
    for number in range(6):
        call(tally, token=f"token{number:07}")
    assert not tally.flush()
    for number in range(6, 20):
        call(tally, token=f"token{number:07}")
    call(tally, token="token0000009")
    assert tally.dropped == 10
    line.away = False
    assert tally.flush()
    assert sum(row[7] for batch in batches(server).values() for row in batch["rows"]) == 11
    call(tally, token="token0000019")
    assert tally.dropped == 10


def test_a_long_backlog_is_made_of_few_large_batches(
    server: "redis.Redis[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_BACKLOG", 2)
    tally = Tally()
    for _second in range(10):
        call(tally)
        tally.flush()
    assert len(batches(server)) == 3
    assert tally.flush(final=True)
    assert sum(row[7] for batch in batches(server).values() for row in batch["rows"]) == 10


def test_a_large_count_is_sent_in_pieces(server: "redis.Redis[bytes]", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_ROWS_A_BATCH", 2)
    tally = Tally()
    for number in range(5):
        call(tally, token=f"token{number:07}")
    assert tally.flush()
    assert sorted(len(batch["rows"]) for batch in batches(server).values()) == [1, 2, 2]


def test_a_forked_child_counts_under_its_own_name_and_nothing_of_its_parent() -> None:
    """Of the process's own tally, the one that is hooked to forks."""
    of_process = usage.note.__self__  # type: ignore[attr-defined]
    call(of_process)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, f"{of_process.process} {len(of_process._counts)}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    name, counted = os.read(reading, 100).decode().split()
    of_process.begin()
    assert name != of_process.process
    assert counted == "0"


WORKER = f"""
import multiprocessing, time

def work():
    import django
    django.setup()
    from tokens.gateway import usage
    usage.note(token="{TOKEN}", model="m", operation="o", code="ok", units=1000, at=time.time())

multiprocessing.get_context("fork").Process(target=work).start()
"""


def test_what_a_servers_worker_counted_last_is_sent_as_it_ends(server: "redis.Redis[bytes]") -> None:
    """A worker loads the application as a child of `multiprocessing`."""
    # The Redis database in the environment is this worker's own already.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    subprocess.run([sys.executable, "-c", WORKER], cwd=CLONE, env=environment, check=True, timeout=90)
    [batch] = batches(server).values()
    assert [row[0] for row in batch["rows"]] == [TOKEN]
