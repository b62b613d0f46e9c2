"""How long a decision took is what a person with a stopwatch would say, who stops it for the applicant."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import clock
from tests import factories
from tests.tokens.figures.conftest import make_desk, signed_in
from tests.tokens.figures.lived import past
from tests.tokens.review.conftest import ask
from tokens.models import AccessRequest
from tokens.selectors.review_figures import figures
from tokens.selectors.usual_times import forget, in_words, usual_time

MINUTES = st.integers(min_value=1, max_value=3000)
PAUSES = st.lists(st.tuples(MINUTES, MINUTES), max_size=3)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.django_db
@settings(max_examples=8)
@given(pauses=PAUSES, last=MINUTES)
def test_the_time_to_a_decision_leaves_out_what_the_applicant_took(pauses: list[tuple[int, int]], last: int) -> None:
    with transaction.atomic():
        desk, now = make_desk(), clock.now()
        watched = minutes(last) + sum((minutes(ours) for ours, _ in pauses), timedelta(0))
        at = now - watched - sum((minutes(theirs) for _, theirs in pauses), timedelta(0)) - minutes(1)
        with past() as then:
            access_request = then.sent(at)
            for ours, theirs in pauses:
                asked, again = at + minutes(ours), at + minutes(ours + theirs)
                access_request = then.asked_and_sent_again(access_request, asked, again, by=desk.mika)
                at = again
            decided = then.approved(access_request, at + minutes(last), by=desk.mika)
        whole = figures(30, now).whole
        assert whole is not None
        assert abs(whole.median - watched) < timedelta(seconds=1)
        # The two ways to reckon agree: what waited for the applicant was added to the time by which it was due.
        assert decided.due_at is not None
        assert decided.submitted_at is not None
        assert abs(decided.due_at - decided.submitted_at - timedelta(hours=48) - (at_of(decided) - watched)) < minutes(
            1
        )
        assert bool(whole.in_time) == (watched <= timedelta(hours=48))
        transaction.set_rollback(True)


def at_of(decided) -> timedelta:  # type: ignore[no-untyped-def]
    whole: timedelta = decided.decided_at - decided.submitted_at
    return whole


def test_too_little_says_nothing_and_enough_says_four_in_five(desk: SimpleNamespace) -> None:
    now = clock.now()
    with past() as then:
        for hours in (1, 2, 3, 26):
            then.decided_within(timedelta(hours=hours), now - timedelta(days=2), by=desk.mika)
    assert usual_time("tier:flower") is None
    assert in_words("tier:flower") == ""
    with past() as then:
        then.decided_within(timedelta(hours=30), now - timedelta(days=1), by=desk.mika)
    assert usual_time("tier:flower") is None, "read anew before its minutes were over"
    forget()
    assert in_words("tier:flower") == "2 days"
    assert usual_time("model") is None
    assert usual_time("tier:nectar") is None


def test_what_was_decided_long_ago_no_longer_counts(desk: SimpleNamespace) -> None:
    now = clock.now()
    with past() as then:
        for days in range(5):
            end = now - timedelta(days=91 + days)
            then.decided_within(timedelta(hours=1), end, by=desk.mika)
    assert usual_time("tier:flower") is None


@pytest.mark.parametrize(
    ("took", "words"), [(minutes(4), "1 hour"), (minutes(61), "2 hours"), (timedelta(hours=24), "1 day")]
)
def test_words_promise_no_less_than_was_true(desk: SimpleNamespace, took: timedelta, words: str) -> None:
    now = clock.now()
    with past() as then:
        for _ in range(5):
            then.decided_within(took, now - timedelta(hours=1), by=desk.mika)
    assert in_words("tier:flower") == words


def test_applicants_are_told_before_they_send_and_while_they_wait(desk: SimpleNamespace) -> None:
    now, noor = clock.now(), factories.person("Noor")
    with past() as then:
        for _ in range(5):
            then.decided_within(timedelta(hours=30), now - timedelta(hours=1), by=desk.mika)
    sent = ask("Lantern", by=noor)
    client = signed_in(noor)
    assert "Free; a person reviews it, usually within 2 days" in Client().get("/tiers/").content.decode()
    for path, told in (
        ("/requests/new/", "flower, usually decided within"),
        (f"/requests/{sent.public_id}/", "Usually decided within"),
    ):
        page = client.get(path).content.decode()
        assert told in page
        assert "2 days" in page, path
    assert "nectar, usually decided within" not in client.get("/requests/new/").content.decode()


def test_what_was_imported_counts_from_when_it_came_here(desk: SimpleNamespace) -> None:
    now = clock.now()
    with past() as then:
        old = then.decided_within(timedelta(hours=4), now - timedelta(hours=1), by=desk.mika)
    AccessRequest.objects.filter(pk=old.pk).update(submitted_at=now - timedelta(days=300))
    whole = figures(30, now).whole
    assert whole is not None
    assert round(whole.median / timedelta(hours=1)) == 4
