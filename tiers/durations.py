"""Lengths of time as people say them."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import npgettext


def spoken(span: timedelta) -> str:
    """A length of time as a figure: 96 ms, 4.2 s, 3 minutes, 2 hours, 5 days."""
    seconds = max(span.total_seconds(), 0)
    if seconds < 1:
        return _("%(number)d ms") % {"number": round(seconds * 1000)}
    if seconds < 60:
        return _("%(number).1f s") % {"number": seconds}
    for unit, most, words in ((60, 3600, _minutes), (3600, 86_400, _hours)):
        if seconds < most:
            return words(int(seconds // unit))
    days = round(seconds / 86_400)
    return npgettext("length", "%(number)d day", "%(number)d days", days) % {"number": days}


def _minutes(number: int) -> str:
    return npgettext("length", "%(number)d minute", "%(number)d minutes", number) % {"number": number}


def _hours(number: int) -> str:
    return npgettext("length", "%(number)d hour", "%(number)d hours", number) % {"number": number}
