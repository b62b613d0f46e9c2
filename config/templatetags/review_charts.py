"""The plots of the review desk, in the way of `charts.py`. Each has a table beside it that says the same."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import npgettext

from config.templatetags.charts import ABOVE, WIDTH, number, rectangle, short_day
from tiers.durations import spoken
from tokens.selectors.review_figures import Bar, Line, Waiting

register = template.Library()

_LONG, _HIGH = 120, 12
# The class of each age, from the youngest on.
AGES: Final = ("ok", "tier-r", "rate", "end")


@register.simple_tag
def decisions_chart(bars: Sequence[Bar]) -> SafeString:
    """A bar a day or week: approved below, rejected on top of it."""
    most = max((bar.approved + bar.rejected for bar in bars), default=0) or 1
    step = WIDTH / len(bars)
    drawn = format_html_join("", "{}", ((_decisions(bar, n * step, step, most),) for n, bar in enumerate(bars)))
    label = _("Decisions over time: %(approved)s approved, %(rejected)s rejected, at most %(most)s in a bar")
    told = {
        "approved": number(sum(bar.approved for bar in bars)),
        "rejected": number(sum(bar.rejected for bar in bars)),
        "most": number(most),
    }
    return format_html(
        '<svg class="chart" viewBox="0 0 {0} {1}" height="{1}" preserveAspectRatio="none" role="img" aria-label="{2}">'
        '<line class="grid" x1="0" x2="{0}" y1="{3}" y2="{3}"/>{4}'
        '<line class="base" x1="0" x2="{0}" y1="{5}" y2="{5}"/></svg>',
        WIDTH,
        ABOVE + 2,
        label % told,
        ABOVE / 2 + 0.5,
        drawn,
        ABOVE + 1,
    )


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
