"""Dates are written one way, in sentences as on pages."""

from datetime import UTC, datetime

import pytest
from django.utils import translation
from django.utils.formats import date_format

from config.templatetags import charts, ui

MOMENT = datetime(2026, 11, 2, 15, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "day", "time", "short"),
    [
        ("en", "2 Nov 2026", "2 Nov 2026, 15:04", "2 Nov"),
        ("zh-hans", "2026年11月2日", "2026年11月2日 15:04", "11月2日"),
    ],
)
def test_dates_are_written_one_way(language: str, day: str, time: str, short: str) -> None:
    with translation.override(language):
        assert ui.on_day(MOMENT) == date_format(MOMENT, "DATE_FORMAT") == day
        assert date_format(MOMENT, "DATETIME_FORMAT") == time
        assert charts.short_day(MOMENT.date()) == short
