"""How long something waits, and how much too long, is said so that the two compare."""

from datetime import UTC, datetime, timedelta

import pytest

from tokens.selectors.review_rows import due_of, span

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=5), "1 min"),
        (timedelta(minutes=40), "40 min"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(hours=24), "1 d"),
        (timedelta(hours=44), "1 d 20 h"),
        (timedelta(days=6, hours=1), "6 d 1 h"),
        (timedelta(days=9, hours=5), "9 d"),
    ],
)
def test_a_day_is_never_told_in_hours(length: timedelta, said: str) -> None:
    assert span(length) == said


def test_what_is_over_is_told_in_the_units_of_its_age() -> None:
    due = due_of("submitted", NOW - timedelta(hours=116), NOW - timedelta(hours=44), NOW)
    assert due is not None
    assert (due.age, due.left, due.tone) == ("4 d 20 h", "1 d 20 h over", "bad")
