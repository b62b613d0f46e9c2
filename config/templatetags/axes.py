"""The axes of plots. A plot is stretched to its room, and words must not be: an axis is a drawing of its own beside it,
with figures where the plot has its lines. Who cannot see them has the plot's label, and a table that says the same."""

from collections.abc import Sequence
from itertools import count
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MOST_STEPS: Final = 4
# What a digit takes, of the size of the figures.
_DIGIT: Final = 0.62
# In hundredths of the width: a word nearer to an edge stands within it.
_EDGE: Final = 3


def scale(most: int) -> list[int]:
    """From nothing to the first round number that is not less, in at most four steps of 1, 2 or 5 times a power of
    ten."""
    steps = (lead * 10**power for power in count() for lead in (1, 2, 5))
    step = next(step for step in steps if step * MOST_STEPS >= most)
    return [step * n for n in range(max(-(-most // step), 1) + 1)]


def upright_axis(ticks: Sequence[tuple[float, str]], height: int) -> SafeString:
    """Left of a plot of that height: how far down each line is, and its figure."""
    longest = max(len(figure) for _y, figure in ticks)
    drawn = ((f"{y:.1f}", figure) for y, figure in ticks)
    return format_html(
        '<svg class="ticks" width="{}em" height="{}" aria-hidden="true">{}</svg>',
        f"{longest * _DIGIT:.2f}",
        height,
        format_html_join("", '<text x="100%" y="{}" dy=".35em" text-anchor="end">{}</text>', drawn),
    )


def level_axis(ticks: Sequence[tuple[float, str]]) -> SafeString:
    """Below a plot, from the right to the left: where each word stands, in hundredths of the width. Every other one is
    left out where there is little room."""
    drawn = (("wide-only" if n % 2 else "", *_placed(x), word) for n, (x, word) in enumerate(ticks))
    return format_html(
        '<svg class="ticks level" width="100%" height="1.6em" aria-hidden="true">{}</svg>',
        format_html_join("", '<text class="{}" x="{}%" y="1.3em" text-anchor="{}">{}</text>', drawn),
    )


def ends_axis(least: str, most: str, width: int) -> SafeString:
    """Above small plots that stand below one another: what the beginning and the end of each stand for."""
    return format_html(
        '<svg class="ticks" width="{0}" height="1.4em" aria-hidden="true">'
        '<text x="0" y="1em">{1}</text><text x="100%" y="1em" text-anchor="end">{2}</text></svg>',
        width,
        least,
        most,
    )


def _placed(x: float) -> tuple[str, str]:
    if x < _EDGE:
        return "0", "start"
    return ("100", "end") if x > 100 - _EDGE else (f"{x:.2f}", "middle")
