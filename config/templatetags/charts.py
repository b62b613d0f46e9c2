"""Charts, drawn on the server: they print, follow the theme and need no script."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.templatetags.ui import spark
from tokens.selectors.usage import CALLED, LIMIT, NOT_HELD, TOKEN, Calls, Day

register = template.Library()

WIDTH: Final = 900
ABOVE, BELOW, GAP = 104, 46, 3
# The class of each kind of refusal, and its name beside the chart; in the order in which they are drawn.
KINDS: Final = {
    LIMIT: ("rate", gettext_lazy("over a limit")),
    NOT_HELD: ("tier-r", gettext_lazy("model not held")),
    CALLED: ("end", gettext_lazy("wrong model or endpoint")),
    TOKEN: ("tok", gettext_lazy("token, origin or other")),
}


@register.simple_tag
def usage_chart(calls: Calls) -> SafeString:
    """A bar a day: allowed above the line, refused below it, by what the refusal is about. Each half has its own scale,
    which `usage_scale` tells."""
    most, most_refused = _most(calls)
    step = WIDTH / len(calls.days)
    bars = format_html_join(
        "", "{}", ((_bar(day, index * step, step, most, most_refused),) for index, day in enumerate(calls.days))
    )
    label = _("Calls per day for %(days)d days: %(allowed)s allowed, above the line, %(refused)s refused, below it")
    told = {"days": len(calls.days), "allowed": number(calls.allowed), "refused": number(calls.refused)}
    lines = format_html_join(
        "", '<line class="{1}" x1="0" x2="{2}" y1="{0}" y2="{0}"/>', ((y, c, WIDTH) for y, c in _LINES)
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {0} {1}" height="{1}" preserveAspectRatio="none" role="img" aria-label="{2}">'
        "{3}{4}</svg>",
        WIDTH,
        ABOVE + BELOW + GAP,
        label % told,
        lines,
        bars,
    )


@register.simple_tag
def usage_scale(calls: Calls) -> str:
    """What the longest bar of each half stands for."""
    most, most_refused = _most(calls)
    if not calls.refused:
        return _("most in a day: %(most)s") % {"most": number(most)}
    told = {"most": number(most), "refused": number(most_refused)}
    return _("most in a day: %(most)s allowed; below the line, on its own scale, %(refused)s refused") % told


@register.simple_tag
def usage_kinds(calls: Calls) -> list[tuple[str, str, int]]:
    """For the legend: class, name and number of the kinds of refusals that there are."""
    about = calls.about
    return [(css, str(name), about[kind]) for kind, (css, name) in KINDS.items() if about[kind]]


@register.simple_tag
def token_spark(sparks: Mapping[int, Sequence[int]], token: int) -> SafeString:
    """The calls of two weeks of one token, by its primary key; the same room where there were none."""
    values = sparks.get(token, [])
    label = ngettext("%(calls)s call in two weeks", "%(calls)s calls in two weeks", sum(values))
    return spark(values, label % {"calls": number(sum(values))}) if any(values) else _NO_SPARK


@register.simple_tag
def short_day(day: date) -> str:
    """22 Nov, 11月22日."""
    return date_format(day, "MONTH_DAY_FORMAT")


_NO_SPARK: Final = SafeString('<span class="spark"></span>')
_LINES: Final = ((0.5, "grid"), (ABOVE / 2 + 0.5, "grid"), (ABOVE + 1, "base"))


def _most(calls: Calls) -> tuple[int, int]:
    return max(day.allowed for day in calls.days), max(day.refused.total() for day in calls.days)


def _bar(day: Day, x: float, step: float, most: int, most_refused: int) -> SafeString:
    told = {
        "day": short_day(day.date),
        "allowed": number(day.allowed),
        "refused": number(day.refused.total()),
    }
    title = _("%(day)s: %(allowed)s allowed, %(refused)s refused") % told
    parts = []
    if day.allowed:
        height = max(day.allowed / most * (ABOVE - 4), 1)
        parts.append(rectangle("ok", x, ABOVE - height, step, height))
    y = float(ABOVE + GAP)
    for kind, (css, _name) in KINDS.items():
        if day.refused[kind]:
            height = max(day.refused[kind] / most_refused * (BELOW - 4), 1)
            parts.append(rectangle(css, x, y, step, height))
            y += height
    whole = format_html('<rect class="day" x="{}" y="0" width="{}" height="{}"/>', f"{x:.1f}", f"{step:.1f}", ABOVE)
    return format_html("<g><title>{}</title>{}{}</g>", title, whole, format_html_join("", "{}", ((p,) for p in parts)))


def rectangle(css: str, x: float, y: float, step: float, height: float) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        css,
        f"{x + step / 6:.1f}",
        f"{y:.1f}",
        f"{step * 2 / 3:.1f}",
        f"{height:.1f}",
    )


def number(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)
