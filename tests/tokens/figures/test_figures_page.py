"""The page of figures: what it counts, what it costs, and who sees it."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils.formats import date_format
from pytest_django import DjangoAssertNumQueries

from accounts import clock
from accounts.models import User
from tests import factories
from tests.tokens.figures.lived import past
from tests.tokens.review.conftest import ask
from tokens.models import AccessRequest
from tokens.selectors.review_figures import figures

QUERIES = 6


def test_decisions_are_told_by_reviewer_kind_and_outcome(desk: SimpleNamespace) -> None:
    now, hour = clock.now(), timedelta(hours=1)
    with past() as then:
        for hours in (2, 4, 6):
            then.decided_within(hours * hour, now - timedelta(days=3), by=desk.mika)
        nectar = then.sent(now - timedelta(days=6), tier="nectar")
        then.rejected(nectar, now - timedelta(days=2), by=desk.ada)
        then.decided_within(hour, now - timedelta(days=40), by=desk.ada)
    found = figures(30, now)
    assert found.whole is not None
    assert (found.whole.number, found.whole.in_time) == (4, 3)
    assert round(found.whole.median / hour) == 5
    assert [(line.name, line.number) for line in found.reviewers] == [("Mika", 3), ("Ada", 1)]
    assert [(line.tier, line.number) for line in found.kinds] == [("flower", 3), ("nectar", 1)]
    assert [(line.name, line.number) for line in found.outcomes] == [("Approved", 3), ("Rejected", 1)]
    assert round(found.reviewers[0].median / hour) == 4
    assert sum(bar.approved for bar in found.bars) == 3
    assert sum(bar.rejected for bar in found.bars) == 1
    assert len(found.bars) == 30
    assert figures(90, now).reviewers[1].number == 2
    assert figures(365, now).weekly
    assert sum(bar.approved for bar in figures(365, now).bars) == 4


def test_what_waits_is_told_by_age(desk: SimpleNamespace) -> None:
    now = clock.now()
    with past() as then:
        for hours in (1, 30, 31, 60, 300):
            then.sent(now - timedelta(hours=hours))
        back = then.sent(now - timedelta(hours=90), tier="nectar")
        then.asked_and_sent_again(back, now - timedelta(hours=80), now - timedelta(hours=20), by=desk.mika)
    AccessRequest.objects.filter(pk=ask("Snoozed").pk).update(snoozed_at=now, snoozed_by=desk.mika)
    flower, nectar = figures(7, now).waiting
    assert (flower.tier, flower.ages, flower.over, flower.snoozed) == ("flower", (2, 2, 1, 1), 2, 1)
    # Its age is not stopped, but the time by which it is due is.
    assert (nectar.tier, nectar.ages, nectar.over, nectar.asked) == ("nectar", (0, 0, 1, 0), 0, 0)


def test_many_cost_as_many_queries_as_few(
    desk: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = clock.now()
    with past() as then:
        then.decided_within(timedelta(hours=3), now - timedelta(days=1), by=desk.mika)
    with django_assert_num_queries(QUERIES):
        figures(30, now)
    with past() as then:
        for reviewer in [desk.ada, *(factories.maintainer() for _ in range(3))]:
            then.decided_within(timedelta(hours=3), now - timedelta(days=1), by=reviewer)
        then.sent(now - timedelta(days=3), tier="nectar")
    with django_assert_num_queries(QUERIES):
        figures(30, now)


def test_without_decisions_it_says_so_and_how_it_reckons(desk: SimpleNamespace) -> None:
    page = desk.client.get("/figures/?days=7").content.decode()
    assert "Nothing decided in this time" in page
    assert "Nothing waits" in page
    assert "How this is reckoned" in page


def test_names_from_outside_are_escaped_and_no_address_is_shown(desk: SimpleNamespace) -> None:
    hostile, now = factories.person("Mika", "maintainer"), clock.now()
    User.objects.filter(pk=hostile.pk).update(name="<img src=x>")
    with past() as then:
        then.decided_within(timedelta(hours=3), now - timedelta(days=1), by=hostile)
    page = desk.client.get("/figures/").content.decode()
    assert "<bdi>&lt;img src=x&gt;</bdi>" in page
    assert "@example.com" not in page


def test_a_span_that_is_none_shows_the_usual_one(desk: SimpleNamespace) -> None:
    page = desk.client.get("/figures/?days=9999").content.decode()
    assert '<a href="?days=30" aria-current="page">' in page


@pytest.mark.parametrize(("days", "last"), [(7, "today"), (30, "today"), (90, "today"), (365, "this week")])
def test_the_chart_has_figures_and_dates_at_its_axes(desk: SimpleNamespace, days: int, last: str) -> None:
    """Each where the plot has its line or its bar; what the longest bar is, its scale reaches."""
    now = clock.now()
    with past() as then:
        for _ in range(3):
            then.decided_within(timedelta(hours=3), now - timedelta(minutes=1), by=desk.mika)
    page = desk.client.get(f"/figures/?days={days}").content.decode()
    upright, chart, level = re.findall(r"<svg.*?</svg>", page.split('class="plot">')[1], re.S)[:3]
    assert re.findall(r">([^<]+)</text>", upright) == ["0", "1", "2", "3"]
    lines = re.findall(r'class="grid"[^>]* y1="([^"]+)"', chart)
    assert re.findall(r'y="([^"]+)" dy', upright)[1:] == lines == ["71.2", "37.8", "4.5"]
    words = re.findall(r">([^<]+)</text>", level)
    bars = figures(days, now).bars
    assert words[0] == last
    assert 3 <= len(words) <= 5
    year = bars[-1].date.year
    told = [date_format(bar.date, f"{'MONTH_DAY' if bar.date.year == year else 'DATE'}_FORMAT") for bar in bars]
    assert set(words[1:]) <= set(told)
    assert f"from {date_format(bars[0].date, 'DATE_FORMAT')} to {date_format(bars[-1].date, 'DATE_FORMAT')}" in chart


def test_the_plots_in_tables_say_what_they_reach_to(desk: SimpleNamespace) -> None:
    now = clock.now()
    with past() as then:
        then.decided_within(timedelta(hours=3), now - timedelta(days=1), by=desk.mika)
        for _ in range(2):
            then.sent(now - timedelta(hours=3))
    page = desk.client.get("/figures/").content.decode()
    heads = [re.findall(r">([^<]+)</text>", head) for head in re.findall(r"<thead>.*?</thead>", page, re.S)]
    assert heads == [["0", "2"], [], *[["0", "3 hours"]] * 3]
