"""The figures at the axes of plots."""

import pytest

from config.templatetags.axes import MOST_STEPS, level_axis, scale


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (5, [0, 2, 4, 6]),
        (8, [0, 2, 4, 6, 8]),
        (9, [0, 5, 10]),
        (37, [0, 10, 20, 30, 40]),
        (1200, [0, 500, 1000, 1500]),
    ],
)
def test_a_scale_is_of_round_numbers(most: int, ticks: list[int]) -> None:
    assert scale(most) == ticks


def test_a_scale_reaches_what_is_drawn_in_few_steps() -> None:
    for most in range(1, 3000):
        ticks = scale(most)
        assert ticks[-2] < most <= ticks[-1]
        assert len(ticks) <= MOST_STEPS + 1


def test_a_word_at_an_edge_stands_within_it_and_every_other_gives_way() -> None:
    axis = level_axis([(98.0, "today"), (50.0, "<b>"), (2.0, "1 Nov")])
    assert 'class="" x="100%" y="1.3em" text-anchor="end">today<' in axis
    assert 'class="wide-only" x="50.00%" y="1.3em" text-anchor="middle">&lt;b&gt;<' in axis
    assert 'class="" x="0%" y="1.3em" text-anchor="start">1 Nov<' in axis
