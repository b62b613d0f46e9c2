"""Real servers, killed at any instant by a signal that nobody can catch. Whatever was stored is applied, once."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.audit_chain import verify
from accounts.models import AuditEvent
from tests import factories
from tests.tiers.orders.histories import NOW
from tests.tiers.orders.world import World, agrees_with_the_model, make_world
from tiers.models import Grant, OrderEvent, ProviderEvent
from tiers.order_states import Event, EventKind

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]
CLONE = Path(__file__).resolve().parents[3]
DEATHS = 12
LONGEST_REST = 0.1  # seconds: some deliveries' time
PRICE = {"workspace": "w1", "product": "p", "amount": 500, "currency": "USD", "received_at": NOW}
HISTORY = [
    Event(key="", kind=EventKind.CREATED, at=NOW, **PRICE),
    Event(key="", kind=EventKind.PAID, at=NOW, **PRICE),
    Event(key="", kind=EventKind.PAID, at=NOW, **{**PRICE, "amount": 7}),
    Event(key="", kind=EventKind.DISPUTED, at=NOW, dispute_id="1", **PRICE),
    Event(key="", kind=EventKind.DISPUTE_CLOSED, at=NOW, dispute_id="1", outcome="won", **PRICE),
    Event(key="", kind=EventKind.REFUNDED, at=NOW, refund_id="1", refund_amount=250, **PRICE),
]


@pytest.fixture
def world(transactional_db: None) -> World:
    factories.catalogue()
    return make_world()


@pytest.fixture
def nursery(world: World) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"])}
    command = [sys.executable, "-m", "tests.tiers.orders.nursery"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=CLONE, env=environment, text=True, **pipes) as process:
        try:
            _said(process, "ready")
            yield process
        finally:
            process.stdin.close()
            process.wait(timeout=60)


def _said(process: subprocess.Popen[str], *wanted: str) -> str:
    """The next line that is one of these, or a number. Logs go to standard output too."""
    for line in process.stdout:
        if line.strip() in wanted or (not wanted and line.strip().isdecimal()):
            return line.strip()
    raise AssertionError("the nursery is gone")


def live_and_die(nursery: subprocess.Popen[str], deliveries: list[dict[str, Any]], chance: random.Random) -> None:
    """After some deliveries, somewhere in the next ones."""
    nursery.stdin.write(json.dumps(deliveries) + "\n")
    nursery.stdin.flush()
    child = int(_said(nursery))
    for _ in range(chance.randint(1, 4)):
        assert _said(nursery, "delivered", "over") == "delivered"
    time.sleep(chance.uniform(0, LONGEST_REST))
    os.kill(child, signal.SIGKILL)
    _said(nursery, "over")


def test_servers_that_are_killed_lose_nothing_and_double_nothing(world: World, nursery: subprocess.Popen[str]) -> None:
    chance = random.Random(7)  # noqa: S311
    to = world.workspaces[0]
    orders = {"killed-1": "once-keep", "killed-2": "once-prorate", "killed-3": "pack"}
    messages = [world.say(order, event, of, to) for order, of in orders.items() for event in HISTORY]
    for _ in range(DEATHS):
        chance.shuffle(messages)
        live_and_die(nursery, [_delivery(world, message.body, message.id) for message in messages], chance)
    world.redrive()
    for message in messages:
        assert world.shop.deliver(message.body, message.id).status_code == 200
    for order in orders:
        agrees_with_the_model(world, order)
    assert OrderEvent.objects.count() == ProviderEvent.objects.count() == len(messages)
    assert Grant.objects.filter(order__isnull=False).count() == len(orders)
    assert AuditEvent.objects.filter(action="grant.given", workspace__public_id=to).count() == len(orders)
    assert list(verify()) == []


def _delivery(world: World, body: bytes, message: str) -> dict[str, Any]:
    path = f"/webhooks/standard/{world.shop.source.name}"
    return {"path": path, "body": body.decode(), "headers": world.shop.signed(body, message)}
