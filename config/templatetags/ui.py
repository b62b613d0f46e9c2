"""The interface's vocabulary. Every page is written in these tags; `docs/pages.md` shows each once.

They escape what they are given and never write a style attribute, which the Content-Security-Policy would refuse:
charts are SVG attributes. Two attributes carry meaning to the style sheet: `data-tone` and `data-tier`.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.forms import BaseForm, BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.activity import name_of
from accounts.names import isolated
from tiers import money as prices
from tiers.durations import spoken
from tiers.models import ProductVersion

register = template.Library()

TONES = {"ok": "circle-check", "info": "info", "warn": "triangle-alert", "bad": "circle-alert", "mute": "info"}
TIER_GLYPHS = frozenset({"anonymous", "seed", "flower", "nectar"})
AVATAR_HUES = ("", "b", "c", "d")
# Older than this, a date says more than a number of weeks.
RECENT_SECONDS = 30 * 24 * 3600


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """A decorative glyph of the sprite. Where it stands alone, its button or link carries the aria-label. A page has
    dozens of them, of few kinds, and a process serves one set of static files."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons/sprite.svg"), name
    )


@register.simple_tag
def tier(slug: str) -> SafeString:
    """A tier's badge: glyph, word and tint together, always in lower case. A tier that a platform adds has a
    plain glyph."""
    glyph = f"tier-{slug}" if slug in TIER_GLYPHS else "layers"
    return format_html('<span class="tier" data-tier="{0}">{1}{0}</span>', slug, icon(glyph))


@register.simple_tag
def step_up(before: str, after: str) -> SafeString:
    """From one tier to another, as in an access request."""
    return format_html(
        '<span class="step-up">{}{}<span class="vh">{}</span>{}</span>',
        tier(before),
        icon("arrow-right"),
        _("to"),
        tier(after),
    )


@register.simple_tag
def state(tone: str, label: str) -> SafeString:
    return format_html('<span class="status" data-tone="{}">{}</span>', tone, label)


@register.simple_tag
def flag(tone: str, label: str, glyph: str = "") -> SafeString:
    """A remark with a glyph, lighter than a state: "expires in 6 days"."""
    return format_html('<span class="flag" data-tone="{}">{}{}</span>', tone, icon(glyph or TONES[tone]), label)


def initials(name: str) -> str:
    """One or two characters that stand for a name, in any script: `Noor Haddad` → NH, `赵明远` → 赵."""
    words: list[str] = re.findall(r"[^\W_]+", name)
    if not words:
        return "?"
    if not words[0].isascii():
        return words[0][0]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.simple_tag
def avatar(name: object, kind: str = "") -> SafeString:
    """Initials of a person (or, with `kind="app"`, of an application). The name itself stands beside it.

    The tint follows the name, so that a person looks the same everywhere. `kind` may also be "sm".
    """
    text = str(name)
    hue = AVATAR_HUES[zlib.crc32(text.encode()) % len(AVATAR_HUES)]
    classes = " ".join(part for part in ("avatar", kind, hue) if part)
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, initials(text))


@register.simple_tag
def spark(values: Sequence[float], label: str = "", width: int = 90, height: int = 20) -> SafeString:
    """A small line through `values`, oldest first. `label` says in words what it shows; without one it is
    decoration beside a number. Nothing is drawn for fewer than two values."""
    if len(values) < 2:
        return SafeString("")
    top = max(*values, 1)
    step = width / (len(values) - 1)
    points = " ".join(
        f"{i * step:.1f},{height - 2 - (height - 4) * max(value, 0) / top:.1f}" for i, value in enumerate(values)
    )
    named = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="spark" width="{0}" height="{1}" viewBox="0 0 {0} {1}" {3}>'
        '<polygon points="0,{1} {2} {0},{1}"/><polyline points="{2}"/></svg>',
        width,
        height,
        points,
        named,
    )


@register.simple_tag
def meter(percent: float, label: str, tone: str = "") -> SafeString:
    """How much of a whole is used, 0 to 100; what is beyond is cut. `tone` may be "warn"."""
    return format_html(
        '<svg class="meter {2}" viewBox="0 0 100 5" preserveAspectRatio="none" role="img" aria-label="{1}">'
        '<rect width="{0}" height="5"/></svg>',
        f"{min(max(percent, 0), 100):g}",
        label,
        tone,
    )


@register.simple_tag
def timeago(moment: datetime | None, missing: str = "") -> SafeString | str:
    """How long ago, or in how long, with the exact UTC time as title. A date once it is a month away."""
    if moment is None:
        return missing
    distance = abs((timezone.now() - moment).total_seconds())
    words = naturaltime(moment) if distance < RECENT_SECONDS else on_day(moment)
    return _time(moment, words)


@register.simple_tag
def money(amount: int, currency: str) -> str:
    """An amount of minor units as people write it: $5.00, ¥500."""
    return prices.price(amount, currency)


@register.simple_tag
def countdown(moment: datetime | None) -> SafeString | str:
    """How long until then: in 9 days, in 3 hours. Empty once it is past."""
    left = moment - timezone.now() if moment else timedelta()
    if moment is None or left <= timedelta():
        return ""
    return _time(moment, _("in %(time)s") % {"time": spoken(left)})


@register.simple_tag
def cost(offer: ProductVersion) -> str:
    """What an offer costs: $29.00 a month, $9.00 for 30 days."""
    return prices.cost(offer)


register.filter("isolated", isolated)


@register.filter
def act(action: str) -> str:
    """An action of the audit, as a person calls it."""
    return str(name_of(action))


@register.simple_tag
def instant(moment: datetime | None, missing: str = "") -> SafeString | str:
    """The exact time in UTC, to the second."""
    if moment is None:
        return missing
    return _time(moment, f"{on_day(moment)}, {moment.astimezone(UTC):%H:%M:%S} UTC")


@register.simple_tag
def day(moment: datetime | None, missing: str = "") -> SafeString | str:
    """The day alone, for what begins or ends on a date."""
    return _time(moment, on_day(moment)) if moment else missing


def on_day(moment: datetime) -> str:
    """The day in UTC, as written everywhere: 22 Nov 2026, 2026年11月22日."""
    return date_format(moment.astimezone(UTC), "DATE_FORMAT")


def _time(moment: datetime, words: str) -> SafeString:
    exact = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', exact.isoformat(), f"{exact:%Y-%m-%d %H:%M:%S}", words
    )


@register.simple_tag
def delta(before: object, after: object) -> SafeString:
    """A value that changed. An empty one is left out: what was added has no before."""
    parts = []
    if before not in (None, ""):
        parts.append(format_html('<del><span class="vh">{}</span>{}</del>', _("before:"), before))
    if after not in (None, ""):
        parts.append(format_html('<ins><span class="vh">{}</span>{}</ins>', _("after:"), after))
    return SafeString(" ".join(parts))


@register.inclusion_tag("components/diff.html")
def diff(rows: Iterable[tuple[object, object, object]], before: str = "", after: str = "") -> dict[str, Any]:
    """A table of (property, now, after). `before` and `after` replace the column heads."""
    return {"rows": rows, "before": before or _("Now"), "after": after or _("After")}


@register.inclusion_tag("components/pager.html")
def pager(previous: str = "", following: str = "") -> dict[str, Any]:
    """Links to the pages before and after; each is a query string such as `?after=1284`, or empty at an end."""
    return {"previous": previous, "following": following}


@register.inclusion_tag("components/secret.html")
def secret(id: str, value: str) -> dict[str, Any]:
    """A value to copy. `id` is the element's, unique on the page."""
    return {"id": id, "value": value}


@register.simple_tag
def field(bound: BoundField, look: str = "", optional: bool | None = None) -> SafeString:
    """One form field whole: label, control, help, errors, and what ties them together for a screen reader.

    `look` is for choices: "seg" (a few short ones), "pills", "choice" (cards, with a help line each), or plain.
    What is not required says "optional"; `optional=False` leaves that out where it would be noise.
    """
    shown = not bound.field.required if optional is None else optional
    return bound.render(context={"field": bound, "look": look, "optional": shown})


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """What is wrong with a form, at its top, each with a link to the field. Nothing when nothing is."""
    found = [(bound, bound.errors) for bound in form if bound.errors and not bound.is_hidden]
    hidden = [error for bound in form.hidden_fields() for error in bound.errors]
    return {
        "general": [*form.non_field_errors(), *hidden],
        "found": [(target(bound), bound.label, errors) for bound, errors in found],
        "count": len(found) + len(form.non_field_errors()) + len(hidden),
    }


def target(bound: BoundField) -> str:
    """The id to focus for a field: of a group of choices, that of the first."""
    if bound.field.widget.use_fieldset and bound.auto_id:
        return f"{bound.auto_id}_0"
    return bound.id_for_label


@register.simple_block_tag
def dialog(content: str, id: str, title: str, opened: bool = False) -> str:
    """A sheet that `<button commandfor="id" command="show-modal">` opens. With `opened` it is open at once, as
    after a form in it was refused. A way to the same form without script is the page's to give."""
    return render_to_string("components/dialog.html", {"content": content, "id": id, "title": title, "opened": opened})


@register.simple_block_tag
def callout(content: str, tone: str = "info", glyph: str = "") -> str:
    """A sentence or two that must not be missed."""
    return render_to_string(
        "components/callout.html", {"content": content, "tone": tone, "glyph": glyph or TONES[tone]}
    )


@register.simple_block_tag
def card(content: str, title: str, id: str, note: str = "", kind: str = "") -> str:
    """A titled section. `id` is the heading's, unique on the page; `kind="flush"` lets a table reach its edges."""
    return render_to_string(
        "components/card.html", {"content": content, "title": title, "id": id, "note": note, "kind": kind}
    )


@register.simple_block_tag
def scroll(content: str, label: str) -> str:
    """A named region in which a wide table scrolls sideways, by keyboard too."""
    return format_html(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">{}</div>', label, SafeString(content)
    )


@register.simple_block_tag
def empty_state(content: str, glyph: str, title: str) -> str:
    """What a list shows when it is empty: what would be here, and the way to the first one."""
    return render_to_string("components/empty_state.html", {"content": content, "glyph": glyph, "title": title})


@register.simple_block_tag
def crumbs(content: str) -> str:
    """The way here: links, then the page's own name in a <span>."""
    return format_html('<nav class="crumb" aria-label="{}">{}</nav>', _("Breadcrumb"), SafeString(content))
