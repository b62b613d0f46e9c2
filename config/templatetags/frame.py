"""The parts of the frame of every page that are the same for all who may do the same. They are kept as long as a
process lives: making them anew takes longer than some pages."""

from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from config import navigation
from config.context_processors import Shell

register = template.Library()


@register.simple_tag
def ways_by_key(shell: Shell) -> SafeString:
    """The palette, and the sheet of keys."""
    role = shell.person.role if shell.person else None
    return _ways_by_key(role, shell.reviews, get_language(), settings.ROOT_URLCONF, get_script_prefix())


@lru_cache(maxsize=64)
def _ways_by_key(role: str | None, reviews: bool, language: str | None, urlconf: str, prefix: str) -> SafeString:
    context = {"shell": {"items": navigation.items_for(role, "", {}), "reviews": reviews}}
    parts = ("components/palette.html", "components/keyboard.html")
    return SafeString("\n".join(render_to_string(part, context) for part in parts))
