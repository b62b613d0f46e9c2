"""The tags escape whatever they are given, and say in words what they draw."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from config.templatetags import ui

HOSTILE = "\"><script>alert('x')</script><img src=x onerror=y>"


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    "source",
    [
        "{% icon bad %}",
        "{% tier bad %}",
        "{% step_up bad bad %}",
        "{% state bad bad %}",
        "{% flag 'warn' bad bad %}",
        "{% avatar bad bad %}",
        "{% spark values bad %}",
        "{% meter 3 bad bad %}",
        "{% delta bad bad %}",
        "{% diff rows bad bad %}",
        "{% pager previous=bad following=bad %}",
        "{% secret bad bad %}",
        "{% timeago none bad %}",
        "{% dialog bad bad %}{{ bad }}{% enddialog %}",
        "{% callout 'info' bad %}{{ bad }}{% endcallout %}",
        "{% card bad id=bad note=bad %}{{ bad }}{% endcard %}",
        "{% scroll bad %}{{ bad }}{% endscroll %}",
        "{% empty_state bad bad %}{{ bad }}{% endempty_state %}",
        "{% crumbs %}{{ bad }}{% endcrumbs %}",
    ],
)
def test_hostile_text_stays_text(source: str) -> None:
    html = render(source, bad=HOSTILE, values=[1, 2], rows=[(HOSTILE, HOSTILE, HOSTILE)], none=None)
    assert "<script" not in html
    assert "<img" not in html
    assert " style=" not in html


@pytest.mark.parametrize(
    ("slug", "glyph"), [("flower", "tier-flower"), ("anonymous", "tier-anonymous"), ("orchard", "layers")]
)
def test_a_tier_has_its_word_and_a_glyph_even_when_it_is_new(slug: str, glyph: str) -> None:
    html = ui.tier(slug)
    assert f"sprite.svg#{glyph}" in html
    assert html.endswith(f"{slug}</span>")


def test_markup_inside_a_block_is_kept() -> None:
    html = render("{% callout 'warn' %}<b>{{ name }}</b>{% endcallout %}", name="<i>")
    assert "<b>&lt;i&gt;</b>" in html
    assert 'data-tone="warn"' in html


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Noor Haddad", "NH"),
        ("noor", "N"),
        ("赵明远", "赵"),
        ("Anna Maria van Dijk", "AD"),
        ("  ", "?"),
        ("", "?"),
        ("<>", "?"),
        ("Łukasz Wilk", "Ł"),
        ("4u deals", "4D"),
    ],
)
def test_initials_stand_for_a_name_in_any_script(name: str, expected: str) -> None:
    assert ui.initials(name) == expected


def test_a_person_has_the_same_tint_everywhere() -> None:
    assert ui.avatar("Noor Haddad") == ui.avatar("Noor Haddad")
    assert len({ui.avatar(f"Q{i} Q").split('"')[1] for i in range(40)}) == len(ui.AVATAR_HUES)


def test_a_spark_draws_its_values_between_its_edges() -> None:
    html = ui.spark([0, 5, 10], "Calls, last three days", width=90, height=20)
    assert '<polyline points="0.0,18.0 45.0,10.0 90.0,2.0"/>' in html
    assert 'role="img" aria-label="Calls, last three days"' in html


@pytest.mark.parametrize("values", [[], [4]])
def test_a_spark_of_too_few_values_is_nothing(values: list[float]) -> None:
    assert ui.spark(values) == ""


def test_a_spark_of_nothing_but_zero_is_a_flat_line() -> None:
    assert 'points="0.0,18.0 90.0,18.0"' in ui.spark([0, 0])


@pytest.mark.parametrize(("percent", "width"), [(-5, "0"), (33.5, "33.5"), (100, "100"), (240, "100")])
def test_a_meter_never_leaves_its_track(percent: float, width: str) -> None:
    assert f'<rect width="{width}"' in ui.meter(percent, "used")


def test_a_recent_time_is_told_as_distance_with_the_exact_time_as_title() -> None:
    moment = timezone.now() - timedelta(minutes=3)
    html = str(ui.timeago(moment))
    assert "3\xa0minutes ago" in html
    assert f'title="{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"' in html


def test_an_old_time_is_told_as_a_date_in_the_readers_language() -> None:
    moment = datetime(2024, 3, 9, 23, 30, tzinfo=UTC)
    assert ">9 Mar 2024</time>" in str(ui.timeago(moment))
    with translation.override("zh-hans"):
        assert ">2024年3月9日</time>" in str(ui.day(moment))


def test_a_time_that_never_was_is_said_so() -> None:
    assert ui.timeago(None, "never") == "never"
    assert ui.instant(None, "not yet") == "not yet"


def test_an_instant_is_in_utc_whatever_zone_it_came_in() -> None:
    moment = datetime.fromisoformat("2026-11-22T21:31:07+01:00")
    assert "22 Nov 2026, 20:31:07 UTC" in str(ui.instant(moment))


def test_what_was_added_has_no_before() -> None:
    assert "<del>" not in ui.delta(None, 5)
    assert "<ins>" not in ui.delta(0, "")
    assert "<del>" in ui.delta(0, "")


def test_a_table_of_changes_marks_only_what_changes() -> None:
    html = render("{% diff rows %}", rows=[("Per minute", 60, 300), ("Tokens", 2, 2)])
    assert html.count("<ins>") == 1
    assert "<ins>300</ins>" in html


def test_a_pager_shows_only_the_ways_there_are() -> None:
    assert "<nav" not in render("{% pager %}")
    only_older = render("{% pager following='?after=9' %}")
    assert 'href="?after=9"' in only_older
    assert 'rel="prev"' not in only_older


def test_every_named_icon_is_in_the_sprite() -> None:
    from pathlib import Path

    from django.conf import settings

    sprite = (Path(settings.BASE_DIR) / "static/icons/sprite.svg").read_text()
    listed = (Path(settings.BASE_DIR) / "static/icons/icons.txt").read_text().split()
    missing = [name for name in [*listed, *ui.TONES.values(), "mark", "tier-seed"] if f'id="{name}"' not in sprite]
    assert missing == []
