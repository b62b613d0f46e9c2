"""Each filter of the review desk, and each pair of them, against a plain sentence in Python about the same rows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from random import Random
from types import SimpleNamespace
from typing import Any, Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import PlatformRole
from tests import factories
from tests.factories import varied
from tokens.models import AccessRequest, RequestMessage, RequestState, ReviewGroup
from tokens.models.desk import Mention
from tokens.models.requests import TO_DECIDE
from tokens.models.signals import Signal, SignalKind, SignalState
from tokens.selectors.review import queue
from tokens.selectors.review_filters import DECIDED, PENDING, SNOOZED, TAB_LABELS, WAITING, Filters, narrowed

ROWS: Final = 40
HOUR: Final = timedelta(hours=1)
STATES: Final = (*TO_DECIDE, *TO_DECIDE, "changes_requested", "approved", "rejected", "withdrawn")

Says = Callable[[AccessRequest], bool]


@pytest.fixture
def desk(db: None) -> SimpleNamespace:
    """Rows of every kind by a fixed throw of dice, so that any two properties meet in some of them."""
    factories.catalogue()
    people = [factories.person(name, PlatformRole.MAINTAINER) for name in ("Mika", "Petra")]
    world = SimpleNamespace(now=clock.now(), me=people[0], people=people, group=ReviewGroup.objects.create(name="夜班"))
    dice = Random(5)  # noqa: S311 (no secret)
    for asked in varied.asked(ROWS):
        AccessRequest.objects.filter(pk=asked.pk).update(**columns(dice, world))
        signals = [
            Signal(access_request=asked, kind=kind, state=dice.choice(SignalState.values), at=world.now)
            for kind in SignalKind
        ]
        Signal.objects.bulk_create(signals)
        message = RequestMessage.objects.create(access_request=asked, author=people[1], text="@", internal=True)
        Mention.objects.create(message=message, person=dice.choice(people))
    world.rows = list(
        AccessRequest.objects.select_related(
            "tier", "model", "group", "claimed_by", "assigned_to", "application", "applicant"
        )
    )
    world.model = varied.gated().name
    return world


def columns(dice: Random, world: SimpleNamespace) -> dict[str, Any]:
    now, state = world.now, dice.choice(STATES)
    claimed = world.people[0] if state == RequestState.IN_REVIEW else dice.choice([None, *world.people])
    values: dict[str, Any] = {
        "state": state,
        "submitted_at": now - dice.choice((2, 30, 90)) * HOUR,
        "due_at": now + dice.choice((-6, 50)) * HOUR,
        "escalated_at": dice.choice((None, now)),
        "claimed_by": claimed,
        "claimed_at": now if claimed else None,
        "assigned_to": dice.choice([None, *world.people]),
        "group": dice.choice((None, world.group)),
        "language": dice.choice(("en", "zh-hans")),
    }
    if state in TO_DECIDE and dice.random() < 0.5:
        until = dice.choice((None, now - HOUR, now + HOUR))
        values |= {"snoozed_at": now - 3 * HOUR, "snoozed_by": world.me, "snoozed_until": until}
    if state in ("approved", "rejected"):
        values |= {"decided_at": now, "decided_by": world.me, "decision_reason": "Because"}
    return values


def in_tab(tab: str, now: datetime) -> Says:
    def asleep(asked: AccessRequest) -> bool:
        return asked.snoozed_at is not None and (asked.snoozed_until is None or asked.snoozed_until > now)

    rules: dict[str, Says] = {
        PENDING: lambda asked: asked.state in TO_DECIDE and not asleep(asked),
        SNOOZED: lambda asked: asked.state in TO_DECIDE and asleep(asked),
        WAITING: lambda asked: asked.state == "changes_requested",
        DECIDED: lambda asked: asked.state in ("approved", "rejected", "withdrawn"),
    }
    return rules[tab]


def sentences(world: SimpleNamespace) -> dict[tuple[str, str], Says]:
    """What each value of each filter means."""
    now, me, petra = world.now, world.me, world.people[1]
    against = set(Signal.objects.filter(state__in=("warn", "bad")).values_list("access_request", "kind"))
    mentioned = set(Mention.objects.filter(person=me).values_list("message__access_request", flat=True))
    said: dict[tuple[str, str], Says] = {
        ("tier", "flower"): lambda a: a.tier is not None and a.tier.slug == "flower",
        ("tier", "nectar"): lambda a: a.tier is not None and a.tier.slug == "nectar",
        ("tier", "no-such"): lambda a: False,
        ("model", world.model): lambda a: a.model is not None and a.model.name == world.model,
        ("kind", "tier"): lambda a: a.model is None,
        ("kind", "model"): lambda a: a.tier is None,
        ("age", "new"): lambda a: now - a.submitted_at < 24 * HOUR,
        ("age", "old"): lambda a: now - a.submitted_at >= 24 * HOUR,
        ("age", "over"): lambda a: a.due_at < now,
        ("age", "escalated"): lambda a: a.escalated_at is not None,
        ("who", "me"): lambda a: me in (a.claimed_by, a.assigned_to),
        ("who", "nobody"): lambda a: a.claimed_by is None and a.assigned_to is None,
        ("who", petra.public_id): lambda a: petra in (a.claimed_by, a.assigned_to),
        ("group", world.group.public_id): lambda a: a.group == world.group,
        ("language", "en"): lambda a: a.language == "en",
        ("language", "zh-hans"): lambda a: a.language == "zh-hans",
        ("mentions", "me"): lambda a: a.pk in mentioned,
        ("find", "古籍"): lambda a: "古籍" in a.application.name + a.applicant.name + a.purpose,
        ("find", "<SCRIPT"): lambda a: "<script" in a.application.name.lower() + a.applicant.name.lower(),
    }
    for kind in SignalKind.values:
        said["signal", kind] = lambda a, kind=kind: (a.pk, kind) in against  # type: ignore[misc]
    return said


def found(world: SimpleNamespace, **values: str) -> set[int]:
    return set(narrowed(Filters(**values), world.me, world.now).values_list("pk", flat=True))


def test_each_filter_and_each_pair_find_what_their_sentences_say(desk: SimpleNamespace) -> None:
    said = sentences(desk)
    pairs = [pair for pair in combinations(said, 2) if pair[0][0] != pair[1][0]]
    met = 0
    for tab in TAB_LABELS:
        here = [asked for asked in desk.rows if in_tab(tab, desk.now)(asked)]
        assert found(desk, tab=tab) == {asked.pk for asked in here}, tab
        for chosen in [*((one,) for one in said), *pairs]:
            expected = {asked.pk for asked in here if all(said[one](asked) for one in chosen)}
            assert found(desk, tab=tab, **dict(chosen)) == expected, (tab, chosen)
            met += len(expected) > 0
    assert met > 1000, "the rows are too few to tell filters apart"


def test_no_filter_takes_more_queries_with_more_rows(desk: SimpleNamespace) -> None:
    counts = [count(desk), count(desk)]
    varied.asked(ROWS // 2)
    assert count(desk) == counts[0] == counts[1]
    dear = {name: number for (_, name, _), number in counts[0].items() if number > 1}
    # A search tells PostgreSQL of its planning. Others look first for who or what is named, or for few of a signal.
    assert dear.pop("find") > 1
    assert dear == {"tier": 2, "group": 2, "who": 2, "signal": 2}


def count(desk: SimpleNamespace) -> dict[tuple[str, str, str], int]:
    made = {}
    for tab in TAB_LABELS:
        for name, value in sentences(desk):
            filters = replace(Filters(tab=tab), **{name: value})
            with CaptureQueriesContext(connection) as queries:
                assert queue(filters, desk.me, desk.now) is not None
            made[tab, name, value] = len(queries)
    return made
