"""The parts of the queue that are made of values alone. They are kept as long as a process lives: a list is looked at
again every few seconds by everybody who reviews, and nearly all of its rows are as they were."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from tokens.selectors.review_choices import Choices
from tokens.selectors.review_filters import PENDING, Filters
from tokens.selectors.review_rows import Row

register = template.Library()
# Of parts that are escaped already: the list is made anew for each page, and it alone grows with it.
_ITEM: Final = '<li id="item-{id}">{pick}<a class="row" id="row-{id}" href="{href}"{current}>{row}</a></li>'


@register.simple_tag
def queue_rows(rows: Sequence[Row], filters: Filters, query: str, current: str = "") -> SafeString:
    """The items of the list. What waits for a decision can be picked for deciding several at once."""
    queue, language, picked, kept = reverse("review:queue"), get_language(), filters.tab == PENDING, escape(query)
    return SafeString(
        "\n".join(
            _ITEM.format(
                id=row.public_id,
                pick=_pick(row.public_id, row.application, language) if picked else "",
                href=f"{queue}{row.public_id}/?{kept}",
                current=' aria-current="true"' if row.public_id == current else "",
                row=_row(row, language),
            )
            for row in rows
        )
    )


@lru_cache(maxsize=2048)
def _pick(public_id: str, application: str, language: str | None) -> SafeString:
    words = gettext("Select %(name)s") % {"name": application}
    return format_html(
        '<input type="checkbox" class="pick" name="id" value="{}" form="bulk" aria-label="{}">', public_id, words
    )


@lru_cache(maxsize=2048)
def _row(row: Row, language: str | None) -> SafeString:
    return render_to_string("review/row.html", {"row": row})


@register.simple_tag
def queue_filters(filters: Filters, choices: Choices) -> SafeString:
    return _filters(filters, choices, get_language())


@lru_cache(maxsize=128)
def _filters(filters: Filters, choices: Choices, language: str | None) -> SafeString:
    return render_to_string("review/filters.html", {"filters": filters, "choices": choices})
