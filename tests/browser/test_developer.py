"""A developer's pages before a real browser: nothing wrong with them, by keyboard, on a phone, without script."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Request, Route, expect

from accounts.models import AuditEvent, User
from tests import factories
from tests.browser.conftest import Open, faults
from tests.factories import usage
from tests.tokens.pages.conftest import ask
from tokens.actions.applications import add_domain
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.actions.tokens import revoke_token
from tokens.models import AccessRequest, Application, Token

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def noor(transactional_db: None) -> User:
    factories.catalogue()
    return factories.person("Noor")


def settle(noor: User) -> Iterator[str]:
    """The address of one of each: applications, tokens live and revoked, requests in every kind of state."""
    mika = factories.maintainer()
    application = factories.application(noor, "Lantern")
    add_domain(application=application, host="lantern.example.com", by=noor)
    live, gone = factories.token(application).token, factories.token(application, name="old").token
    usage.calls(live, 900)
    usage.calls(live, 20, code="rate_limited", days_ago=1)
    revoke_token(token=gone, reason="Laptop lost", leaked=True, by=noor)
    asked = [ask(application, by=noor), *(ask(factories.application(noor, f"App {n}"), by=noor) for n in range(3))]
    approve_request(access_request=asked[1], version=asked[1].version, note="Welcome", by=mika)
    reject_request(access_request=asked[2], version=asked[2].version, reason="Too soon", by=mika)
    ask_for_changes(access_request=asked[3], version=asked[3].version, text="For whom?", by=mika)
    yield reverse("applications:detail", args=[application.public_id])
    yield from (reverse("tokens:detail", args=[token.public_id]) for token in (live, gone))
    yield reverse("tokens:revoke", args=[live.public_id])
    yield from (reverse("requests:detail", args=[one.public_id]) for one in asked)
    yield reverse("requests:edit", args=[asked[3].public_id])
    yield reverse("requests:withdraw", args=[asked[0].public_id])
    yield from ("/", "/applications/", "/tokens/", "/tokens/?tab=ended", "/requests/")


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_any_page_that_shows_something(browse: Open, noor: User, phone: bool) -> None:
    paths = list(settle(noor))
    page = browse("/", by=noor, phone=phone, dark=phone)
    found = {}
    for path in paths:
        page.complaints.clear()  # type: ignore[attr-defined]
        page.goto(path)
        if problems := faults(page):
            found[path] = problems
    assert found == {}


def sign_in(browse: Open, noor: User, **how: bool) -> Page:
    """Signed in with the password, by hand."""
    page = browse("/accounts/login/", **how)
    page.get_by_label("Email").fill(noor.email)
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "login" not in url)
    return page


def test_a_token_is_made_by_keyboard_alone_and_gone_after_a_reload(browse: Open, noor: User) -> None:
    factories.application(noor, "Lantern")
    page = sign_in(browse, noor)
    page.goto("/tokens/")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.type("production")
    page.keyboard.press("Control+Enter")
    shown = page.locator("#secret")
    expect(shown).to_contain_text("trl_sk_")
    assert faults(page) == []
    text = shown.inner_text()
    page.reload()
    assert text not in page.content()
    assert Token.objects.filter(name="production").count() == 1


def test_a_token_is_made_without_script_on_a_phone(browse: Open, noor: User) -> None:
    factories.application(noor, "Lantern")
    page = sign_in(browse, noor, phone=True, script=False)
    page.goto("/tokens/new/")
    page.get_by_label("Name").fill("production")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator("#secret")).to_contain_text("trl_sk_")


def test_the_actions_of_a_token_open_without_script(browse: Open, noor: User) -> None:
    factories.token(factories.application(noor, "Lantern"))
    page = browse("/tokens/", by=noor, script=False)
    rotate = page.get_by_role("link", name="Rotate…")
    expect(rotate).to_be_hidden()
    page.get_by_role("button", name="Actions for production").click()
    expect(rotate).to_be_visible()


def test_what_is_written_saves_itself_and_a_reload_opens_it(browse: Open, noor: User) -> None:
    factories.application(noor, "Lantern")
    page = browse("/requests/new/?tier=flower", by=noor)
    page.get_by_label("What does it do, and for whom?").fill("A reading aid for pupils")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    with page.expect_response(lambda answer: "900 pupils" in (answer.request.post_data or "")):
        page.get_by_label("Who uses it").fill("900 pupils")
    page.reload()
    expect(page.get_by_label("What does it do, and for whom?")).to_have_value("A reading aid for pupils")
    expect(page.get_by_label("Who uses it")).to_have_value("900 pupils")
    assert AccessRequest.objects.count() == 1
    assert Application.objects.count() == 1


def test_a_last_day_is_asked_for_only_where_one_is_chosen(browse: Open, noor: User) -> None:
    factories.application(noor, "Lantern")
    page = sign_in(browse, noor)
    page.goto("/tokens/new/")
    day = page.get_by_label("Last day")
    expect(day).to_be_hidden()
    page.get_by_text("On a day", exact=True).click()
    expect(day).to_be_visible()


def test_sending_waits_for_the_draft_that_is_just_being_saved(browse: Open, noor: User) -> None:
    factories.application(noor, "Lantern")
    page = browse("/requests/new/?tier=flower", by=noor)
    held: list[Route] = []
    page.route("**/*", lambda route: held.append(route) if _saves(route.request) else route.continue_())
    page.get_by_label("What does it do, and for whom?").fill("A reading aid for pupils")
    page.get_by_label("Calls a day").fill("500")
    with page.expect_request(_saves):
        page.get_by_label("Who uses it").fill("900 pupils")
    page.get_by_role("button", name="Send to the maintainers").click()
    assert not AccessRequest.objects.exists()
    held[0].continue_()
    expect(page.get_by_text("Sent. You will have an e-mail")).to_be_visible()
    assert AccessRequest.objects.get().state == "submitted"
    assert AuditEvent.objects.filter(action="request.drafted").count() == 1


def _saves(request: Request) -> bool:
    return request.headers.get("x-autosave") == "1"
