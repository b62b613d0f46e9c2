"""The staff's pages in a real browser: without faults, by keyboard, without script, and a key that is shown once."""

import pytest
from playwright.sync_api import Error, Page, expect

from accounts.models import User
from tests import factories
from tests.browser.conftest import Open, faults
from tiers.actions.grants import give_grant
from tiers.models import AIModel, Grant, Tier
from tokens.actions.gateways import add_gateway
from tokens.models import Gateway

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ada(transactional_db: None) -> User:
    """An administrator of a platform on which a little has happened."""
    factories.catalogue()
    ada, noor = factories.administrator(), factories.person("Noor")
    chat = factories.application(noor)
    factories.token(chat)
    flower = Tier.objects.get(slug="flower")
    values = {"source": "manual", "source_id": "m1", "reason": "Known to us", "application_id": chat.pk, "by": ada}
    give_grant(workspace=chat.workspace, tier=flower, **values)
    add_gateway(name="edge-1", kind="nginx", by=ada)
    return ada


def paths() -> list[str]:
    grant, gateway = Grant.objects.get(source="manual"), Gateway.objects.get()
    model = AIModel.objects.get(name="gpt-4o-mini")
    return [
        "/audit/",
        "/audit/?find=nothing",
        "/catalogue/",
        "/catalogue/tiers/seed/",
        f"/catalogue/models/{model.public_id}/",
        "/catalogue/models/new/",
        "/holdings/",
        "/holdings/?state=ended",
        f"/holdings/{grant.public_id}/",
        "/holdings/new/",
        "/gateways/",
        f"/gateways/{gateway.public_id}/",
    ]


def confirm(page: Page) -> None:
    """Prove again that it is the same person, as before anything that shows a key."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("Confirm")
    page.locator("input[type=password]").fill(factories.PASSWORD)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["wide", "phone"])
def test_pages_have_no_faults(browse: Open, ada: User, phone: bool, dark: bool) -> None:
    page = browse("/audit/", by=ada, phone=phone, dark=dark)
    page.locator("summary").first.click()
    assert faults(page) == []
    for path in paths():
        page.goto(path)
        assert faults(page) == [], path


def test_a_key_is_shown_once_after_the_password(browse: Open, ada: User) -> None:
    page = browse("/gateways/new/", by=ada)
    confirm(page)
    page.get_by_label("Name").fill("edge-2")
    page.keyboard.press("Control+Enter")
    key = page.locator("#gateway-key")
    expect(key).to_contain_text("trl_gw_")
    assert faults(page) == []
    text = key.inner_text()
    page.get_by_role("link", name="I have stored it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("edge-2")
    assert text not in page.content()
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # Not kept: the browser would have to send the form again.
        page.go_back()


def test_a_grant_is_given_and_taken_without_script(browse: Open, ada: User) -> None:
    noor = User.objects.get(name="Noor")
    page = browse("/holdings/new/", by=ada, script=False)
    page.get_by_label("Workspace").fill(noor.email)
    page.get_by_label("Tier").select_option(label="nectar")
    page.get_by_role("button", name="Give it").click()
    expect(page.get_by_role("alert")).to_contain_text("Reason")
    page.get_by_label("Reason").fill("Festival week")
    page.get_by_role("button", name="Give it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("nectar")
    page.get_by_label("Reason").fill("The festival is over")
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_text("Revoked").first).to_be_visible()
    assert Grant.objects.get(tier__slug="nectar").revoked_reason == "The festival is over"


def test_the_log_is_searched_and_opened_by_keyboard(browse: Open, ada: User) -> None:
    page = browse("/audit/", by=ada)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("edge-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**find=edge-1**")
    row = page.locator("summary")
    expect(row).to_have_count(1)
    row.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("X-Forwarded-Uri")).to_be_visible()


def test_a_limit_is_changed_with_a_reason_and_told_beside_it(browse: Open, ada: User) -> None:
    page = browse("/catalogue/tiers/seed/", by=ada, phone=True)
    page.get_by_label("Requests per minute").fill("77")
    page.get_by_label("Reason").fill("Kinder to first tries")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It holds on every gateway already.")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("Kinder to first tries")
    assert Tier.objects.get(slug="seed").requests_per_minute == 77
