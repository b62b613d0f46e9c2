"""The page that explains a refusal before a real browser: live without losing the place, and whole without script."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from tests import factories
from tests.browser.conftest import Open, faults
from tests.factories import shop
from tokens.gateway import refusal_log
from tokens.gateway.ask import Ask, Decision, Refusal
from tokens.models import Token

NAME = "production"
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def noor(transactional_db: None) -> User:
    factories.catalogue()
    noor = factories.person("Noor")
    factories.token(factories.application(noor, "Lantern"))
    return noor


def fill(page: Page, *, token: str = NAME, model: str = "gpt-4o-mini", endpoint: str) -> None:
    page.locator("[name=token]").fill(token)
    page.locator("[name=model]").fill(model)
    page.locator("[name=endpoint]").fill(endpoint)


def verdict(page: Page, code: str) -> None:
    expect(page.locator(".verdict code")).to_have_text(code)


ASKED = {
    "wrong_endpoint": ("production", "gpt-4o-mini", "/v1/completions"),
    "tier_required": ("production", "gpt-4o", "/v1/completions"),
    "ok": ("production", "gpt-4o-mini", "/v1/chat/completions"),
    "token_malformed": ("trl_sk_cut", "gpt-4o-mini", "/v1/chat/completions"),
    "token_missing": ("", "gpt-4o-mini", "/v1/chat/completions"),
}


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_any_answer(browse: Open, noor: User, phone: bool) -> None:
    page = browse("/explain/", by=noor, phone=phone, dark=phone)
    found = {"empty": faults(page)}
    for code, (token, model, endpoint) in ASKED.items():
        fill(page, token=token, model=model, endpoint=endpoint)
        page.get_by_role("button", name="Explain").click()
        verdict(page, code)
        page.locator(".native summary").click()
        found[code] = faults(page)
    fill(page, endpoint="")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("alert")).to_be_focused()
    found["error"] = faults(page)
    assert found == {name: [] for name in found}


def test_the_answer_comes_without_leaving_the_form_or_the_field(browse: Open, noor: User) -> None:
    page = browse("/explain/", by=noor)
    fill(page, model="GPT-4o-mini", endpoint="/v1/completions")
    page.keyboard.press("Enter")
    verdict(page, "model_not_found")
    expect(page.locator("[name=endpoint]")).to_be_focused()
    expect(page.locator("#explain-said")).to_contain_text("404 model_not_found")
    expect(page.locator("#fix")).to_contain_text("/v1/chat/completions")
    page.locator("[name=model]").fill("gpt-4o-mini")
    page.keyboard.press("Control+Enter")
    verdict(page, "wrong_endpoint")
    expect(page.locator("[name=model]")).to_be_focused()
    page.get_by_role("link", name="Explain that one").click()
    verdict(page, "ok")
    assert page.url.endswith("&model=gpt-4o-mini&endpoint=%2Fv1%2Fchat%2Fcompletions")


def test_without_script_it_is_a_form_that_keeps_what_was_typed(browse: Open, noor: User) -> None:
    page = browse("/explain/", by=noor, script=False)
    fill(page, endpoint="/v1/completions")
    page.get_by_text("Origin, address, permission").click()
    page.locator("[name=address]").fill("999.1")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no IPv4 or IPv6 address.")
    expect(page.locator("[name=token]")).to_have_value("production")
    page.locator("[name=address]").fill("203.0.113.7")
    page.get_by_role("button", name="Explain").click()
    verdict(page, "wrong_endpoint")
    expect(page.locator("[name=address]")).to_have_value("203.0.113.7")
    expect(page.get_by_role("button", name="Copy corrected call")).to_be_hidden()
    expect(page.locator("#fix")).to_contain_text("/v1/chat/completions")


def test_a_slow_answer_dims_the_old_one(browse: Open, noor: User) -> None:
    page = browse("/explain/", by=noor)
    fill(page, endpoint="/v1/completions")
    held: list[Route] = []
    page.route("**/explain/", lambda route: held.append(route))
    with page.expect_request("**/explain/"):
        page.get_by_role("button", name="Explain").click()
    expect(page.locator("#explained > .stack:not(.recents)")).to_have_css("opacity", "0.5")
    held[0].continue_()
    verdict(page, "wrong_endpoint")


def test_a_remedy_leads_where_it_is_bought(browse: Open, noor: User) -> None:
    shop.offer(tier="flower")
    page = browse("/explain/", by=noor, phone=True)
    fill(page, model="gpt-4o", endpoint="/v1/chat/completions")
    page.get_by_role("button", name="Explain").click()
    verdict(page, "tier_required")
    expect(page.locator(".remedies a.primary")).to_have_text("Apply for flower")
    page.locator(".remedies").get_by_role("link", name="Buy").click()
    page.wait_for_url("**/orders/new/?product=*")


def test_a_refused_call_with_a_long_name_stays_in_its_column(browse: Open, noor: User) -> None:
    token = Token.objects.get()
    ask = Ask("/v1/chat/completions", model="a-model-of-a-name-that-is-longer-than-the-column")
    decision = Decision(ask, timezone.now(), refusals=(Refusal("model_not_found", "There is no such model."),))
    ids = {"workspace": token.workspace.public_id, "application": token.application.public_id, "token": token.public_id}
    refusal_log.note(decision, **ids)
    assert refusal_log.flush()
    entry = browse("/explain/", by=noor).locator(".recent a")
    expect(entry).to_have_count(1)
    assert entry.evaluate("one => one.scrollWidth <= one.clientWidth")
