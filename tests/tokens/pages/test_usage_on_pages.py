"""What was used, where its holder looks: plots of calls, allowances with what is left of them, packs."""

import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.clock import now
from config.templatetags import charts
from tests import factories
from tests.factories import shop, usage
from tests.fixtures.signing_in import browser
from tiers.models import Grant
from tokens.models import LimitOverride, Token

WHERE = ["home", "applications:detail", "tokens:detail"]


def page(world: SimpleNamespace, name: str) -> str:
    subject = {"applications:detail": world.application, "tokens:detail": world.token}.get(name)
    answer = world.client.get(reverse(name, args=[subject.public_id] if subject else []))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def told(html: str) -> str:
    """Its words alone."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("name", WHERE)
def test_where_nothing_was_called_it_says_what_will_be_here(world: SimpleNamespace, name: str) -> None:
    html = page(world, name)
    assert "No call yet" in html
    assert 'class="chart"' not in html


@pytest.mark.parametrize("name", WHERE)
def test_calls_of_thirty_days_are_drawn_and_told(world: SimpleNamespace, name: str) -> None:
    usage.calls(world.token, 1200, days_ago=2)
    usage.calls(world.token, 300)
    usage.calls(world.token, 40, code="rate_limited")
    usage.calls(world.token, 10, code="tier_required", days_ago=29)
    usage.calls(world.token, 7000, days_ago=30)
    html = page(world, name)
    assert "1,500 allowed, above the line, 50 refused, below it" in html
    assert "most in a day: 1,200 allowed; below the line, on its own scale, 40 refused" in html
    assert html.count("<g><title>") == 30
    words = told(html)
    for part in ("Allowed 1,500", "Refused 50 3.2 %", "over a limit 40", "model not held 10", "rate_limited 40"):
        assert part in words


def test_another_token_of_the_application_is_no_part_of_a_tokens_plot(world: SimpleNamespace) -> None:
    usage.calls(factories.token(world.application, name="other").token, 5)
    assert "No call yet" in page(world, "tokens:detail")
    assert "Allowed 5" in told(page(world, "applications:detail"))


def test_nobody_elses_calls_are_on_the_home(world: SimpleNamespace) -> None:
    usage.calls(factories.token().token, 5)
    assert "No call yet" in page(world, "home")


def test_many_reasons_are_summed_up(world: SimpleNamespace) -> None:
    codes = ["rate_limited", "tier_required", "early_access", "wrong_endpoint", "model_not_found", "model_missing"]
    for number, code in enumerate([*codes, "model_retired", "token_scope", "origin_not_allowed", "ip_not_allowed"]):
        usage.calls(world.token, 100 - number, code=code)
    words = told(page(world, "tokens:detail"))
    assert "token_scope 93 others 183" in words
    assert "origin_not_allowed" not in words


def test_the_allowance_of_the_tier_and_what_is_spent_of_it(world: SimpleNamespace) -> None:
    usage.calls(world.token, 4631)
    usage.calls(factories.token(world.application).token, 9)
    for name in WHERE[1:]:
        html = page(world, name)
        assert "Lantern today 4,640 of 5,000" in told(html)
        assert 'class="meter warn"' in html
        assert 'aria-label="Lantern: 4,640 of 5,000 spent"' in html
    home = told(page(world, "home"))
    assert "Lantern today 4,640 of 5,000" in home
    assert "of 100,000" not in home


def test_yesterdays_calls_are_spent_of_the_month_alone(world: SimpleNamespace) -> None:
    ago = 1 if now().day > 1 else 0
    usage.calls(world.token, 100, days_ago=ago)
    words = told(page(world, "tokens:detail"))
    assert f"Lantern today {0 if ago else 100} of 5,000" in words
    assert "Lantern this month 100 of 100,000" in words


def test_a_holders_cap_and_what_staff_set_are_told_apart(world: SimpleNamespace) -> None:
    Token.objects.filter(pk=world.token.pk).update(requests_per_day=50)
    workspace, by = world.application.workspace, factories.administrator()
    LimitOverride.objects.create(workspace=workspace, requests_per_day=70, reason="A trial", set_by=by)
    LimitOverride.objects.create(
        workspace=workspace, application=world.application, requests_per_day=60, reason="A trial", set_by=by
    )
    usage.calls(world.token, 7)
    words = told(page(world, "tokens:detail"))
    assert "production this token’s cap · today 7 of 50" in words
    assert "Lantern today 7 of 60" in words
    assert "whole workspace · today 7 of 70" in words
    assert "this token’s cap" not in told(page(world, "applications:detail"))


def test_what_is_left_of_a_pack_and_that_it_spares_the_tiers_own(world: SimpleNamespace) -> None:
    workspace = world.application.workspace
    shop.tell("order.paid", shop.offer("pack", calls=1000, interval=""), workspace)
    pack = Grant.objects.get(workspace=workspace, calls=1000)
    usage.calls(world.token, 300, pack=pack.public_id, of_pack=250)
    html = page(world, "applications:detail")
    assert "1,000 calls 750 left" in told(html)
    assert "Lantern today 50 of 5,000" in told(html)
    assert "Pack of 1,000 calls" in told(page(world, "home"))
    assert "750 left" in told(page(world, "home"))
    order = world.client.get(reverse("orders:detail", args=[pack.source_id])).content.decode()
    assert "1,000 calls 750 left" in told(order)
    Grant.objects.filter(pk=pack.pk).update(ends_at=now() - timedelta(seconds=1), starts_at=now() - timedelta(days=1))
    assert "Pack" not in told(page(world, "home"))


def test_a_token_has_its_line_in_the_list(world: SimpleNamespace) -> None:
    assert '<svg class="spark"' not in page(world, "home")
    usage.calls(world.token, 20, days_ago=3)
    assert 'aria-label="20 calls in two weeks"' in page(world, "home")


def test_a_member_sees_what_is_used_and_who_is_none_does_not(world: SimpleNamespace) -> None:
    usage.calls(world.token, 20)
    kim = factories.person("Kim")
    address = reverse("tokens:detail", args=[world.token.public_id])
    assert browser(kim).get(address).status_code == 404
    factories.join(world.application.workspace, kim)
    assert "Allowed 20" in told(re.sub(r"\s+", " ", browser(kim).get(address).content.decode()))


def test_days_are_written_as_the_language_writes_them(world: SimpleNamespace) -> None:
    usage.calls(world.token, 20)
    day = now()
    assert f"{day.day} {day:%b}: 20 allowed, 0 refused" in page(world, "tokens:detail")
    with override("zh-hans"):
        assert charts.short_day(date(2026, 11, 22)) == "11月22日"
