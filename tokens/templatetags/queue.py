"""The parts of the queue that are made of values alone. They are kept as long as a process lives: a list is looked at
again every few seconds by everybody who reviews, and nearly all of its rows are as they were."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tokens.selectors.review_choices import Choices
from tokens.selectors.review_filters import Filters
from tokens.selectors.review_rows import Row

register = template.Library()


@register.simple_tag
def queue_row(row: Row) -> SafeString:
    return _row(row, get_language())


@lru_cache(maxsize=2048)
def _row(row: Row, language: str | None) -> SafeString:
    return render_to_string("review/row.html", {"row": row})


@register.simple_tag
def queue_filters(filters: Filters, choices: Choices) -> SafeString:
    return _filters(filters, choices, get_language())


@lru_cache(maxsize=128)
def _filters(filters: Filters, choices: Choices, language: str | None) -> SafeString:
    return render_to_string("review/filters.html", {"filters": filters, "choices": choices})
