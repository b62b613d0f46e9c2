"""Light, dark, or the system's choice: a cookie, so that the first paint is right."""

from django.http import HttpRequest

COOKIE = "theme"
THEMES = ("light", "dark")
YEAR_SECONDS = 31_536_000


def theme_of(request: HttpRequest) -> str:
    """ "light", "dark", or "" for the system's. Whatever else a cookie holds counts as nothing."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else ""
