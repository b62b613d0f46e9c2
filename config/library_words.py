"""Messages of Django that this project's catalogue words otherwise: for “1 day ago” in Chinese it has the sign for a
day of the month. They are named here so that makemessages keeps them; nothing calls them."""

from typing import Final

from django.utils.translation import gettext_lazy, ngettext_lazy, npgettext_lazy

AGO: Final = (
    npgettext_lazy("naturaltime-past", "%(num)d day", "%(num)d days", "num"),
    ngettext_lazy("an hour ago", "%(count)s hours ago", "count"),
    ngettext_lazy("a minute ago", "%(count)s minutes ago", "count"),
    ngettext_lazy("a second ago", "%(count)s seconds ago", "count"),
    gettext_lazy("now"),
)
FROM_NOW: Final = (
    npgettext_lazy("naturaltime-future", "%(num)d day", "%(num)d days", "num"),
    ngettext_lazy("an hour from now", "%(count)s hours from now", "count"),
    ngettext_lazy("a minute from now", "%(count)s minutes from now", "count"),
    ngettext_lazy("a second from now", "%(count)s seconds from now", "count"),
)
