"""Which answers are which of our fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.issues import BODY, HEADINGS
from tokens.issue_import import matching
from tokens.issue_import.bodies import read
from tokens.issue_import.matching import calls_a_day, guess, match


def test_what_is_matched_and_what_is_kept() -> None:
    matched = match(read(BODY), HEADINGS)
    assert matched.values["application"] == "Lantern"
    assert matched.values["expected_volume"] == "about 1,500"
    assert list(matched.unmatched) == ["Have you read the rules?"]


def test_headings_are_the_same_whatever_their_case_and_spaces() -> None:
    assert match(read("### App  name:\n\nx"), {"application": "APP NAME"}).values == {"application": "x"}


def test_the_headings_of_a_plain_form_are_guessed() -> None:
    assert guess(read(BODY).found) == HEADINGS


@given(st.lists(st.text(max_size=30), unique=True, max_size=10))
def test_no_heading_is_guessed_for_two_fields(headings: list[str]) -> None:
    found = guess(headings)
    assert len(set(found.values())) == len(found)
    assert set(found) <= set(matching.FIELDS)


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("about 1,500", 1500),
        ("1 000 000 a day", 1_000_000),
        ("2k", 2000),
        ("1.5 M requests", 1_500_000),
        ("3万", 30_000),
        ("１００", 100),
        ("many", None),
        ("0", None),
        ("9" * 30, None),
        ("-5", 5),
    ],
)
def test_the_first_number_is_the_calls_a_day(text: str, calls: int | None) -> None:
    assert calls_a_day(text) == calls


@given(st.text(max_size=200))
def test_any_text_has_a_number_in_bounds_or_none(text: str) -> None:
    calls = calls_a_day(text)
    assert calls is None or 0 < calls <= matching.MOST_CALLS
