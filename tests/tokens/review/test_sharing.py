"""Sharing the work: who has a request, until when, and what the second of two reads."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db.models import F

from accounts.errors import Conflict, Invalid
from accounts.models import AuditEvent, PlatformRole, User
from tests import factories
from tokens import sweeps, tasks
from tokens.actions.handling import (
    assign_request,
    claim_request,
    release_request,
    snooze_request,
    take_over_request,
    wake_request,
)
from tokens.actions.requests import add_message
from tokens.forms.handling import SnoozeForm
from tokens.models import AccessRequest, Mention, RequestMessage, ReviewGroup
from tokens.review_terms import CLAIM_LASTS, has_woken, is_asleep

from .conftest import ask

LATER = timedelta(hours=3)


@pytest.fixture
def petra(desk: SimpleNamespace) -> User:
    return factories.person("Petra", PlatformRole.MAINTAINER)


def row(access_request: AccessRequest) -> AccessRequest:
    return AccessRequest.objects.get(pk=access_request.pk)


def as_time_passes(access_request: AccessRequest, by: timedelta, *columns: str) -> None:
    """The moments that the columns hold are so much further back."""
    moved = {column: F(column) - by for column in columns}
    AccessRequest.objects.filter(pk=access_request.pk).update(**moved)


def last_event(access_request: AccessRequest) -> AuditEvent:
    return AuditEvent.objects.filter(subject_id=access_request.public_id).order_by("-id")[0]


def test_a_claim_lapses_by_the_clock_alone_and_as_a_task(desk: SimpleNamespace) -> None:
    claimed = claim_request(access_request=ask(), by=desk.maintainer)
    assert sweeps.lapse_claims() == 0
    as_time_passes(claimed, LATER, "claimed_at", "claim_ends_at")
    assert (sweeps.lapse_claims(), sweeps.lapse_claims()) == (1, 0)
    after, event = row(claimed), last_event(claimed)
    assert (after.state, after.claimed_by, after.claim_ends_at) == ("submitted", None, None)
    assert (event.action, event.actor_kind, event.actor_name) == (
        "request.claim_lapsed",
        "task",
        "tokens.sweeps.lapse_claims",
    )


def test_a_claim_goes_on_while_its_holder_acts_and_not_for_others(desk: SimpleNamespace, petra: User) -> None:
    claimed = claim_request(access_request=ask(), by=desk.maintainer)
    as_time_passes(claimed, timedelta(minutes=90), "claim_ends_at")
    short = row(claimed).claim_ends_at
    add_message(access_request=claimed, text="I wonder", by=petra, internal=True)
    assert row(claimed).claim_ends_at == short
    add_message(access_request=claimed, text="So do I", by=desk.maintainer, internal=True)
    after = row(claimed)
    assert after.claim_ends_at > short
    assert after.version == claimed.version
    assert after.claim_ends_at - datetime.now(UTC) <= CLAIM_LASTS


def test_what_another_holds_is_taken_over_with_a_word_and_not_released(desk: SimpleNamespace, petra: User) -> None:
    claimed = claim_request(access_request=ask(), by=petra)
    with pytest.raises(Conflict, match="Petra claimed"):
        release_request(access_request=claimed, by=desk.maintainer)
    seen = {"access_request": claimed, "version": claimed.version, "by": desk.maintainer}
    with pytest.raises(Invalid):
        take_over_request(**seen, word="  ")
    taken = take_over_request(**seen, word="I know them")
    assert taken.claimed_by == desk.maintainer
    message = RequestMessage.objects.get()
    assert (message.text, message.internal) == ("I know them", True)
    assert Mention.objects.get().person == petra
    tasks.tell_person(claimed.pk, "request.taken_over", petra.pk, message.pk)
    assert "Mika took over the access request for Reader" in mail.outbox[0].body
    assert mail.outbox[0].to == [petra.email]
    assert "I know them" in mail.outbox[0].body


def test_assigning_to_who_may_decide_and_to_nobody_else(desk: SimpleNamespace, petra: User) -> None:
    asked = ask()
    insider = factories.person("Inga", PlatformRole.MAINTAINER)
    factories.join(asked.workspace, insider)
    for wrong in (insider, asked.applicant, factories.auditor()):
        with pytest.raises(Invalid, match="cannot review it"):
            assign_request(access_request=asked, to=wrong, group=None, by=desk.maintainer)
    after = assign_request(access_request=asked, to=petra, group=None, by=desk.maintainer)
    tasks.tell_person(asked.pk, "request.assigned", petra.pk, after.version)
    assert (mail.outbox[0].to, "yours to decide" in mail.outbox[0].body) == ([petra.email], True)
    nobodys = assign_request(access_request=after, to=None, group=None, by=petra)
    tasks.tell_person(asked.pk, "request.assigned", petra.pk, nobodys.version)
    assert (nobodys.assigned_to, len(mail.outbox)) == (None, 1)


@pytest.mark.parametrize("to", ["applicant", "reviewers"])
def test_whoever_belongs_to_the_workspace_writes_nothing_from_the_desk(desk: SimpleNamespace, to: str) -> None:
    """What they said to the applicant would be the applicant's own word."""
    asked = ask()
    factories.join(asked.workspace, desk.maintainer)
    answer = desk.client.post(f"/review/{asked.public_id}/remark/", {"text": "A word", "to": to})
    assert (answer.status_code, RequestMessage.objects.count()) == (403, 0)
    assert "You belong to the workspace that asks" in answer.content.decode()


def test_a_group_stays_when_a_person_is_chosen_by_form(desk: SimpleNamespace, petra: User) -> None:
    group, asked = ReviewGroup.objects.create(name="Schools"), ask()
    asked = assign_request(access_request=asked, to=None, group=group, by=desk.maintainer)
    given = {"assign-to": petra.public_id, "assign-version": asked.version}
    desk.client.post(f"/review/{asked.public_id}/assign/", given)
    assert (row(asked).group, row(asked).assigned_to) == (group, petra)


def test_put_off_until_a_time_it_comes_back_by_the_clock_and_says_so(desk: SimpleNamespace) -> None:
    asked = ask()
    until = datetime.now(UTC) + timedelta(hours=2)
    asked = snooze_request(access_request=asked, version=asked.version, until=until, by=desk.maintainer)
    assert sweeps.wake_snoozed() == 0
    assert is_asleep(row(asked))
    as_time_passes(asked, LATER, "snoozed_at", "snoozed_until")
    assert (sweeps.wake_snoozed(), sweeps.wake_snoozed()) == (1, 0)
    after, event = row(asked), last_event(asked)
    assert (is_asleep(after), has_woken(after), event.action, event.after["because"]) == (
        False,
        True,
        "request.woke",
        "date",
    )
    assert "back after Mika had put it off" in desk.client.get(f"/review/{asked.public_id}/").content.decode()
    assert not has_woken(claim_request(access_request=after, by=desk.maintainer))


@pytest.mark.parametrize("days", [None, 5])
def test_any_answer_brings_it_back(days: int | None, desk: SimpleNamespace) -> None:
    asked = ask()
    until = datetime.now(UTC) + timedelta(days=days) if days else None
    asked = snooze_request(access_request=asked, version=asked.version, until=until, by=desk.maintainer)
    add_message(access_request=asked, text="Between us", by=desk.maintainer, internal=True)
    assert is_asleep(row(asked))
    add_message(access_request=asked, text="Here I am", by=asked.applicant)
    assert has_woken(row(asked))
    page = desk.client.get(f"/review/{asked.public_id}/").content.decode()
    assert "brought it back: the applicant answered" in page


def test_had_back_by_hand_and_only_once(desk: SimpleNamespace) -> None:
    asked = ask()
    asked = snooze_request(access_request=asked, version=asked.version, until=None, by=desk.maintainer)
    after = wake_request(access_request=asked, by=desk.maintainer)
    assert (after.snoozed_at, after.snoozed_by) == (None, None)
    with pytest.raises(Conflict):
        wake_request(access_request=after, by=desk.maintainer)


@pytest.mark.parametrize("days", [-1, 0, 366])
def test_it_is_put_off_to_a_day_to_come_within_a_year(days: int, desk: SimpleNamespace) -> None:
    asked = ask()
    until = datetime.now(UTC) + timedelta(days=days)
    with pytest.raises(Invalid, match="within a year"):
        snooze_request(access_request=asked, version=asked.version, until=until, by=desk.maintainer)


@pytest.mark.parametrize(
    ("day", "tomorrow", "monday"),
    [("2026-11-22", "2026-11-23", "2026-11-23"), ("2026-11-23", "2026-11-24", "2026-11-30")],
)
def test_presets_are_mornings_to_come(day: str, tomorrow: str, monday: str) -> None:
    moments = SnoozeForm(now=datetime.fromisoformat(f"{day}T23:30:00+00:00")).moments
    assert [f"{moments[name]:%Y-%m-%d %H}" for name in ("tomorrow", "monday")] == [f"{tomorrow} 08", f"{monday} 08"]


@pytest.mark.parametrize(("day", "offered"), [("2026-11-22", False), ("2026-11-23", False), ("2026-11-24", True)])
def test_no_morning_is_offered_twice(day: str, offered: bool) -> None:
    """On a Sunday, Monday is tomorrow; on a Monday, it is in a week."""
    choices = dict(SnoozeForm(now=datetime.fromisoformat(f"{day}T12:00:00+00:00")).fields["until"].choices)
    assert ("monday" in choices) == offered
    assert {"tomorrow", "week", "answer", "day"} <= {*choices}
