"""Numbers and spans of time read in Chinese as Chinese products print them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.humanize.templatetags.humanize import intcomma, naturaltime
from django.core.management import call_command
from django.utils import timezone, translation


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    call_command("compile_translations")
    with translation.override("zh-hans"):
        yield


def test_large_numbers_are_grouped() -> None:
    assert intcomma(10_000_000) == "10,000,000"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(minutes=3, seconds=1), "3 分钟前"),
        (timedelta(hours=15, seconds=1), "15 小时前"),
        (timedelta(days=1, hours=4, seconds=1), "1 天，4 小时前"),
        (timedelta(hours=-5, seconds=-30), "5 小时后"),
    ],
)
def test_days_are_counted_and_not_dated(ago: timedelta, words: str) -> None:
    assert naturaltime(timezone.now() - ago).replace("\u00a0", " ") == words
