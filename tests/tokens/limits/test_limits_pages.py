"""Limits by form: of a token, of a grant given by hand, of an approved request, and those that staff set."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.ids import new_public_id
from accounts.models import AuditEvent
from tests import factories
from tests.fixtures.signing_in import browser
from tests.tokens.pages.conftest import _made, world
from tests.tokens.pages.test_making_tokens import mint
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.models import AIModel, Grant, Tier
from tokens.models import LimitOverride, Token

__all__ = ["_made", "world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: SimpleNamespace) -> Client:
    return browser(factories.administrator())


def shown(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def edit(world: SimpleNamespace, **values: Any) -> int:
    path = reverse("tokens:edit", args=[world.token.public_id])
    return int(world.client.post(path, {"name": world.token.name, **values}).status_code)


# --- The holder's own -------------------------------------------------------------------------------------


def test_a_token_is_made_with_limits_of_its_own(world: SimpleNamespace) -> None:
    assert mint(world, requests_per_minute="5", requests_per_month="900").status_code == 200
    assert Token.objects.get(name="batch worker").limit_facts == LimitFacts(per_minute=5, per_month=900)
    assert mint(world, name="other", requests_per_minute="0").status_code == 422


def test_they_are_changed_shown_and_taken_away(world: SimpleNamespace) -> None:
    page = reverse("tokens:detail", args=[world.token.public_id])
    assert "no effect" not in shown(world.client, page)
    assert edit(world, requests_per_minute="5", requests_per_day="6000") == 302
    found = shown(world.client, page)
    assert "Requests per minute</dt><dd>5</dd>" in found
    assert "6,000 " in found
    assert "no effect: the application’s is 5,000" in found
    assert AuditEvent.objects.get(action="token.edited").after == {"requests_per_minute": 5, "requests_per_day": 6000}
    assert 'value="5"' in shown(world.client, reverse("tokens:edit", args=[world.token.public_id]))
    assert edit(world) == 302
    world.token.refresh_from_db()
    assert world.token.limit_facts == NO_LIMITS


def test_a_month_below_a_day_is_refused_beside_its_field(world: SimpleNamespace) -> None:
    path = reverse("tokens:edit", args=[world.token.public_id])
    values = {"name": "x", "requests_per_day": "10", "requests_per_month": "9"}
    response = world.client.post(path, values)
    assert response.status_code == 422
    assert response.context["form"].errors["requests_per_month"] == ["A month cannot allow fewer calls than a day."]


# --- Staff's ----------------------------------------------------------------------------------------------


def of(world: SimpleNamespace, what: str) -> str:
    subject = world.application if what == "application" else world.application.workspace
    return reverse(f"holdings:{what}_limits", args=[subject.public_id])


@pytest.mark.parametrize("what", ["application", "workspace"])
def test_staff_set_limits_and_take_them_away(admin: Client, world: SimpleNamespace, what: str) -> None:
    path = of(world, what)
    assert 'value="lift"' not in shown(admin, path)
    values = {"requests_per_day": "123456", "reason": "A school fair", "act": "set"}
    assert admin.post(path, values).status_code == 302
    page = shown(admin, path)
    for words in ("123,456", "A school fair", 'value="lift"', "Limits set by staff"):
        assert words in page
    override = LimitOverride.objects.get()
    assert (override.application is not None, override.limit_facts) == (
        what == "application",
        LimitFacts(per_day=123456),
    )
    assert "Limits set by staff" in shown(world.client, "/workspace/activity/")
    assert admin.post(path, {"reason": "It is over", "act": "lift"}).status_code == 302
    assert not LimitOverride.objects.exists()


def test_the_page_says_what_holds_and_who_says_so(admin: Client, world: SimpleNamespace) -> None:
    Grant.objects.update(requests_per_minute=70)
    admin.post(of(world, "application"), {"requests_per_day": "9", "reason": "x", "act": "set"})
    rows = {row.label: row for row in admin.get(of(world, "application")).context["rows"]}
    assert rows["requests per minute"].holds == rows["requests per minute"].grant == 70
    assert (rows["calls per day"].holds, rows["calls per day"].tier) == (9, 5000)
    assert rows["calls per month"].holds == rows["calls per month"].tier == 100_000


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"requests_per_day": "5", "reason": "", "act": "set"}, "required"),
        ({"reason": "x", "act": "set"}, "at least one limit"),
        ({"requests_per_day": "0", "reason": "x", "act": "set"}, "greater than or equal to 1"),
        ({"requests_per_day": "5", "requests_per_month": "4", "reason": "x", "act": "set"}, "fewer calls than a day"),
        ({"reason": "x", "act": "lift"}, "no limits to take away"),
    ],
)
def test_what_makes_no_sense_is_said(admin: Client, world: SimpleNamespace, values: dict[str, str], words: str) -> None:
    response = admin.post(of(world, "application"), values)
    assert response.status_code == 422
    assert words in response.content.decode()


def test_auditors_read_and_insiders_are_told_why_not(world: SimpleNamespace) -> None:
    auditor, insider = browser(factories.auditor()), factories.administrator()
    assert 'name="act"' not in shown(auditor, of(world, "application"))
    values = {"requests_per_day": "5", "reason": "x", "act": "set"}
    assert auditor.post(of(world, "application"), values).status_code == 403
    factories.join(world.application.workspace, insider)
    page = shown(browser(insider), of(world, "workspace"))
    assert 'name="act"' not in page
    assert "You belong to this workspace" in page


# --- Of a grant -------------------------------------------------------------------------------------------


def test_a_grant_is_given_with_limits_and_its_page_shows_them(admin: Client, world: SimpleNamespace) -> None:
    flower = Tier.objects.get(slug="flower")
    workspace = world.application.workspace.public_id
    values = {"key": new_public_id(), "workspace": workspace, "permissions": ["generate"], "tier": flower.pk}
    values |= {"reason": "Partner", "requests_per_minute": "700"}
    assert admin.post(reverse("holdings:new"), values).status_code == 302
    grant = Grant.objects.get(source="manual")
    assert grant.limit_facts == LimitFacts(per_minute=700)
    assert AuditEvent.objects.get(action="grant.given", subject_id=grant.public_id).after["requests_per_minute"] == 700
    page = shown(admin, reverse("holdings:detail", args=[grant.public_id]))
    assert "Requests per minute</dt><dd>700</dd>" in page
    assert of(world, "workspace") in page


def test_a_grant_of_a_model_has_none(admin: Client, world: SimpleNamespace) -> None:
    values = {"key": new_public_id(), "workspace": world.application.workspace.public_id, "permissions": ["generate"]}
    values |= {"model": AIModel.objects.get(name="gpt-4o").pk, "reason": "Partner", "requests_per_day": "7"}
    response = admin.post(reverse("holdings:new"), values)
    assert response.status_code == 422
    assert "Only a grant of a tier has limits" in response.content.decode()
    assert not Grant.objects.filter(source="manual").exists()


def test_a_request_is_approved_with_limits_of_its_own(world: SimpleNamespace) -> None:
    reviewer = browser(factories.maintainer())
    asked = world.asked
    assert "Approve with limits of its own" in shown(reviewer, reverse("review:detail", args=[asked.public_id]))
    values = {"version": asked.version, "decision": "approved", "until": "365", "tier": "flower"}
    path = reverse("review:decide", args=[asked.public_id])
    wrong = reviewer.post(path, {**values, "requests_per_day": "9", "requests_per_month": "1"})
    assert (wrong.status_code, "fewer calls than a day" in wrong.content.decode()) == (422, True)
    assert reviewer.post(path, {**values, "requests_per_day": "9"}).status_code == 302
    assert Grant.objects.get(source="request").limit_facts == LimitFacts(per_day=9)
