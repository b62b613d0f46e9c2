"""The plots of the review desk, in the way of `charts.py`. Each has a table beside it that says the same."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import npgettext

from config.templatetags.axes import ends_axis, level_axis, scale, upright_axis
from config.templatetags.charts import ABOVE, WIDTH, number, rectangle, short_day
from tiers.durations import spoken
from tokens.selectors.review_figures import Bar, Figures, Line, Waiting

register = template.Library()

_LONG, _HIGH = 120, 12
# How many bars lie between two dates: as few as there is room for, and whole weeks, or a quarter of a year of weeks.
_DATED_EVERY: Final = (1, 2, 7, 13, 21, 28)
# The class of each age, from the youngest on.
AGES: Final = ("ok", "tier-r", "rate", "end")


@register.simple_tag
def decisions_chart(figures: Figures) -> SafeString:
    """A bar a day or week: approved below, rejected on top of it. With its two axes."""
    bars, ticks = figures.bars, scale(max((bar.approved + bar.rejected for bar in figures.bars), default=0))
    step = WIDTH / len(bars)
    drawn = format_html_join("", "{}", ((_decisions(bar, n * step, step, ticks[-1]),) for n, bar in enumerate(bars)))
    grid = ((WIDTH, f"{_at(tick, ticks):.1f}") for tick in ticks[1:])
    return format_html(
        '<div class="plot">{0}<svg class="chart" viewBox="0 0 {1} {2}" height="{2}" preserveAspectRatio="none" '
        'role="img" aria-label="{3}">{4}{5}<line class="base" x1="0" x2="{1}" y1="{6}" y2="{6}"/></svg>{7}</div>',
        upright_axis([(_at(tick, ticks), number(tick)) for tick in ticks], ABOVE + 2),
        WIDTH,
        ABOVE + 2,
        _told(bars),
        format_html_join("", '<line class="grid" x1="0" x2="{0}" y1="{1}" y2="{1}"/>', grid),
        drawn,
        ABOVE + 1,
        level_axis(_dated(bars, weekly=figures.weekly)),
    )


def _told(bars: Sequence[Bar]) -> str:
    label = _(
        "Decisions from %(from)s to %(to)s: %(approved)s approved, %(rejected)s rejected, at most %(most)s in a bar"
    )
    return label % {
        "from": date_format(bars[0].date, "DATE_FORMAT"),
        "to": date_format(bars[-1].date, "DATE_FORMAT"),
        "approved": number(sum(bar.approved for bar in bars)),
        "rejected": number(sum(bar.rejected for bar in bars)),
        "most": number(max(bar.approved + bar.rejected for bar in bars)),
    }


def _at(value: int, ticks: Sequence[int]) -> float:
    """How far down, half a pixel off, so that a line there is sharp."""
    return ABOVE - value / ticks[-1] * (ABOVE - 4) + 0.5


def _dated(bars: Sequence[Bar], *, weekly: bool) -> list[tuple[float, str]]:
    """At most five, from the last bar back, with where each stands, in hundredths. One of another year names it."""
    last = len(bars) - 1
    every = next(step for step in _DATED_EVERY if last // step < 5)
    this_year = bars[last].date.year
    words = {n: "MONTH_DAY_FORMAT" if bars[n].date.year == this_year else "DATE_FORMAT" for n in range(len(bars))}
    told = {n: date_format(bars[n].date, words[n]) for n in range(last, -1, -every)}
    told[last] = _("this week") if weekly else _("today")
    return [((n + 0.5) / len(bars) * 100, word) for n, word in told.items()]


def _decisions(bar: Bar, x: float, step: float, most: int) -> SafeString:
    told = {"day": short_day(bar.date), "approved": number(bar.approved), "rejected": number(bar.rejected)}
    title = _("%(day)s: %(approved)s approved, %(rejected)s rejected") % told
    parts, y = [], float(ABOVE)
    for css, count in (("ok", bar.approved), ("end", bar.rejected)):
        if count:
            height = count / most * (ABOVE - 4)
            y -= height
            parts.append((rectangle(css, x, y, step, height),))
    whole = format_html('<rect class="day" x="{}" y="0" width="{}" height="{}"/>', f"{x:.1f}", f"{step:.1f}", ABOVE)
    return format_html("<g><title>{}</title>{}{}</g>", title, whole, format_html_join("", "{}", parts))


@register.simple_tag
def took_bar(line: Line, slowest: timedelta) -> SafeString:
    """From nothing to the median, and thin on to the ninetieth percentile. The numbers stand beside it."""
    whole = slowest.total_seconds() or 1
    median, ninetieth = (_LONG * span.total_seconds() / whole for span in (line.median, line.ninetieth))
    return format_html(
        '<svg class="took" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true">'
        '<rect class="tail" y="4" width="{2}" height="4"/><rect class="ok" y="1" width="{3}" height="10"/></svg>',
        _LONG,
        _HIGH,
        f"{ninetieth:.1f}",
        f"{max(median, 1):.1f}",
    )


@register.simple_tag
def span_axis(slowest: timedelta) -> SafeString:
    """What the plots of a column of `took_bar` reach to."""
    return ends_axis(number(0), took(slowest), _LONG)


@register.simple_tag
def number_axis(most: int) -> SafeString:
    """Likewise of `waiting_bar`."""
    return ends_axis(number(0), number(most), _LONG)


@register.simple_tag
def waiting_bar(row: Waiting, most: int) -> SafeString:
    """The kind's requests by age, youngest first. The numbers stand beside it."""
    parts, x = [], 0.0
    for css, count in zip(AGES, row.ages, strict=True):
        width = _LONG * count / (most or 1)
        parts.append((css, f"{x:.1f}", f"{width:.1f}"))
        x += width
    drawn = format_html_join("", '<rect class="{}" x="{}" y="1" width="{}" height="10"/>', parts)
    return format_html(
        '<svg class="took chart" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true">{2}</svg>',
        _LONG,
        _HIGH,
        drawn,
    )


@register.filter
def took(span: timedelta) -> str:
    """A length of time in words, in hours up to three days: a median of 25 hours and one of 35 are not the same."""
    hours = round(span.total_seconds() / 3600)
    if 24 <= hours < 72:
        return npgettext("length", "%(number)d hour", "%(number)d hours", hours) % {"number": hours}
    return spoken(span)
