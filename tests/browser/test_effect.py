"""A token's page while gateways are not told of its revocation, and when they are, by itself and by reload."""

import pytest
import redis
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django import Settings

from accounts import announcing
from accounts.errands import Errands
from tests import factories
from tests.browser.conftest import Open, faults
from tests.jobs.silent import blackhole
from tokens.actions.tokens import revoke_token
from tokens.models import Token

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
BEHIND = "Not yet effective at gateways:"


@pytest.fixture
def revoked(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Token:
    """Revoked while Redis is silent; then Redis is there again, and nobody has swept."""
    monkeypatch.setattr(announcing, "_errands", Errands("announcing", redis.RedisError, OSError))
    factories.catalogue()
    noor = factories.person("Noor")
    token = factories.token(factories.application(noor, "Lantern")).token
    there = settings.PASS_STORE_URL
    with blackhole() as settings.PASS_STORE_URL:
        revoke_token(token=token, reason="Old", leaked=False, by=noor)
    settings.PASS_STORE_URL = there
    return token


def _shown(browse: Open, token: Token, **how: bool) -> Page:
    by = token.application.workspace.personal_of
    page = browse(reverse("tokens:detail", args=[token.public_id]), by=by, **how)
    expect(page.get_by_text(BEHIND)).to_be_visible()
    return page


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)])
def test_nothing_is_wrong_with_a_page_that_waits(browse: Open, revoked: Token, dark: bool, phone: bool) -> None:
    assert faults(_shown(browse, revoked, dark=dark, phone=phone)) == []


def test_the_page_tells_by_itself_when_it_holds(browse: Open, revoked: Token) -> None:
    page = _shown(browse, revoked)
    announcing.sweep()
    expect(page.locator("#effect")).to_have_text("Effective at gateways.", timeout=60_000)
    expect(page.get_by_text(BEHIND)).to_have_count(0)
    assert faults(page) == []


def test_without_script_it_tells_when_loaded_again(browse: Open, revoked: Token) -> None:
    page = _shown(browse, revoked, script=False)
    announcing.sweep()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#effect")).to_have_count(0)
