"""Loading the demo: once, all of it or nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.translation import override

from accounts import audit, clock, demo
from accounts.models import AuditEvent, Workspace
from tiers.actions.webhook_sources import MintedSource
from tokens.actions.gateways import MintedGateway
from tokens.demo import (
    belongings,
    calls,
    cast,
    conversations,
    desk,
    keyring,
    moved_over,
    offers,
    purchases,
    refused_calls,
    rules,
    written,
)
from tokens.demo.moved_clock import moved_clock
from tokens.demo.story import Stage, Step
from tokens.models import Decision, Gateway

LOADED: Final = "demo.loaded"
_ADVISORY_LOCK: Final = 0x7472_6C64  # "trld"


@dataclass(slots=True)
class Demo:
    """What the audit event of a load is about."""

    public_id: str = "demo"

    def __str__(self) -> str:
        return "demo"


def load() -> str:
    """Load the demo where it is not yet, and write `var/demo.json` where that is missing or another database's.
    Says in a word what it did: loaded, rewritten, or nothing."""
    with transaction.atomic(), override("en"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        before = len(connection.run_on_commit)
        loaded = AuditEvent.objects.filter(action=LOADED).order_by("pk").last()
        if loaded is not None and written.is_true():
            return "nothing"
        if loaded is None:
            _tell()
        else:
            _write_again(loaded)
        # What happened weeks ago mails nobody today.
        del connection.run_on_commit[before:]
    return "loaded" if loaded is None else "rewritten"


def _tell() -> None:
    stage, texts = Stage(), dict[str, str]()
    gateways: list[MintedGateway] = []
    sources: list[MintedSource] = []
    plan = [
        *cast.steps(stage),
        *belongings.steps(stage),
        *desk.steps(stage),
        *rules.steps(stage),
        *moved_over.steps(stage),
        *conversations.steps(stage),
        *keyring.steps(stage, texts),
        *offers.steps(stage),
        *purchases.steps(stage),
        Step(keyring.GATEWAY_MADE, lambda: gateways.append(keyring.add_demo_gateway(stage.administrator))),
        Step(offers.SOURCE_MADE, lambda: sources.append(offers.add_demo_source(stage.administrator))),
    ]
    timed = list(_in_order(plan, clock.now()))
    with moved_clock() as set_clock:
        for at, step in timed:
            set_clock(at)
            step.act()
    Decision.objects.update(mail_at=None)
    calls.make()
    refused_calls.make()
    [gateway], [source] = gateways, sources
    workspaces = {label: stage.workspaces[f"key-{label}"].public_id for label in texts}
    _record(workspaces, gateway.gateway)
    written.write(gateway_key=gateway.text, tokens=texts, workspaces=workspaces, webhook_secret=source.text)


def _in_order(plan: list[Step], now: datetime) -> Iterator[tuple[datetime, Step]]:
    """The steps from the oldest on, each at its instant: never at the same second of every minute, as people are."""
    at = datetime.min.replace(tzinfo=UTC)
    for number, step in enumerate(sorted(plan, key=lambda step: step.ago, reverse=True)):
        at = max(at, now - step.ago - timedelta(seconds=number * 7919 % 59))
        yield at, step


def _write_again(loaded: AuditEvent) -> None:
    ids: dict[str, str] = loaded.after["workspaces"]
    found = {workspace.public_id: workspace for workspace in Workspace.objects.filter(public_id__in=ids.values())}
    texts = keyring.mint_again({label: found[public_id] for label, public_id in ids.items()})
    gateway = keyring.rotate_demo_gateway(Gateway.objects.get(public_id=loaded.after["gateway"]))
    source = offers.rotate_demo_source()
    written.write(gateway_key=gateway.text, tokens=texts, workspaces=ids, webhook_secret=source.text)


def _record(workspaces: dict[str, str], gateway: Gateway) -> None:
    after = {"workspaces": workspaces, "gateway": gateway.public_id}
    audit.record(LOADED, Demo(), by=demo.BY, workspace=None, after=after)
