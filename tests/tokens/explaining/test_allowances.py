"""What is left of a caller's limits, in a few words."""

from datetime import UTC, datetime

import pytest

from tokens.explaining.allowances import told
from tokens.gateway.ask import Ask, Decision, LimitState
from tokens.gateway.explanations import NOTHING_READ, Explanation

DAY = "requests_per_day"


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([("requests_per_minute", 60, 41, "application")], "41 of 60 left this minute"),
        ([(DAY, 5000, 12, "application"), (DAY, 100, 20, "token")], "12 of 5,000 left today"),
        ([(DAY, 5000, 71_661, "application")], "71,661 left today, packs included"),
        ([(DAY, 5, 0, "token"), ("requests_per_month", 9, 4, "token")], "0 of 5 left today, 4 of 9 left this month"),
    ],
)
def test_of_several_limits_of_a_kind_the_one_that_leaves_least_is_told(
    states: list[tuple[str, int, int, str]], words: str
) -> None:
    found = tuple(LimitState(name, limit, left, 60, scope) for name, limit, left, scope in states)
    decision = Decision(Ask(endpoint="/v1/chat/completions"), datetime.now(UTC), limits=found)
    assert told(Explanation(decision, [], NOTHING_READ)) == words
