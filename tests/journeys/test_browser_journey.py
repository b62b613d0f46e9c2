"""The whole story as people live it: sign-up, token, refusal, request, approval, revocation. One real browser, the
shipped nginx, the official client."""

import re
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy

import openai
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import factories
from tests.browser.conftest import PHONE, WIDE
from tests.fixtures.browsers import patient_page
from tests.journeys.conftest import Edge
from tests.tokens.review.conftest import ask

pytestmark = [
    pytest.mark.browser,
    pytest.mark.server,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]
HELLO = [{"role": "user", "content": "Hello"}]
MAIL_SECONDS = 60
MOST_STEPS = 20

Enter = Callable[..., Page]


@pytest.fixture
def enter(chromium: Browser, site: Edge) -> Iterator[Enter]:
    """A person at their own browser, before the site's first page."""
    contexts: list[BrowserContext] = []

    def entered(phone: bool = False) -> Page:
        context = chromium.new_context(
            base_url=site.trellis, viewport=PHONE if phone else WIDE, has_touch=phone, reduced_motion="reduce"
        )
        contexts.append(context)
        page = patient_page(context)
        page.goto("/")
        return page

    yield entered
    for context in contexts:
        context.close()


def mailed_code(site: Edge, address: str) -> str:
    """The code of the newest mail to the address."""
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for file in sorted((site.folder.parent / "mail").glob("*.log"), reverse=True):
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            found = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", message.get_content(), re.MULTILINE)
            if message["To"] == address and found:
                return found[1]
        time.sleep(0.1)
    pytest.fail(f"no code was mailed to {address}")


def sign_up(page: Page, site: Edge, name: str) -> None:
    address = f"{name.lower()}@example.com"
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill(name)
    page.locator("[name=email]").fill(address)
    page.locator("[name=password1]").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.locator("[name=code]").fill(mailed_code(site, address))
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"{site.trellis}/")


def sign_in(page: Page, address: str) -> None:
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(address)
    page.locator("[name=password]").fill(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/review/"))


def first_token(page: Page) -> str:
    """From an empty home to a token in clear."""
    page.goto("/applications/new/")
    page.get_by_label("Name").fill("Lantern")
    page.get_by_role("button", name="Create application").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lantern")
    page.get_by_role("link", name="New token").first.click()
    page.get_by_label("Name").fill("production")
    page.get_by_role("button", name="Create token").click()
    return page.locator(".secret code").inner_text()


def apply(page: Page, href: str) -> str:
    """Follow the remedy's link, which has filled in what is asked for, and send the form."""
    page.goto(href)
    expect(page.locator("[name=subject]:checked")).to_have_value("tier:flower")
    page.get_by_label("What does it do").fill("A reading aid for the pupils of our school")
    page.get_by_label("Calls a day").fill("500")
    page.get_by_label("Who uses it").fill("200 pupils")
    page.get_by_role("button", name="Send to the maintainers").click()
    expect(page.get_by_text("Sent. You will have an e-mail")).to_be_visible()
    return page.url


def approve_by_keyboard(page: Page) -> None:
    """A for approve, Tab to the note, a word in it, Ctrl and Enter. The mouse stays where it is."""
    expect(page.locator("#d-h")).to_have_text("Lantern")
    page.keyboard.press("a")
    expect(page.locator("[name=decision]:checked")).to_have_value("approved")
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "note":
            break
    page.keyboard.type("Welcome")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Lantern approved. It works already")).to_be_visible()


def revoke(page: Page) -> None:
    page.goto("/tokens/")
    page.get_by_role("link", name="production").click()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_label("Reason").fill("Laptop lost")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("“production” is revoked")).to_be_visible()


def refusal(client: openai.OpenAI, model: str) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model=model, messages=HELLO)
    return refused.value


def test_from_sign_up_to_a_call_that_an_approval_opened_and_a_revocation_ended(site: Edge, enter: Enter) -> None:
    developer = enter()
    sign_up(developer, site, "Noor")
    token = first_token(developer)
    client = site.client(token)
    assert client.chat.completions.create(model="gpt-4o-mini", messages=HELLO).choices[0].message.content

    refused = refusal(client, "gpt-4o")
    assert (refused.status_code, refused.code) == (402, "tier_required")
    assert "flower" in refused.body["message"]
    asked = apply(developer, refused.body["remedies"][0]["href"])
    assert "waiting for a reviewer" in refusal(client, "gpt-4o").body["message"]

    other = enter()
    sign_up(other, site, "Omar")
    answer = other.goto(asked)
    assert answer is not None
    assert answer.status == 404
    expect(other.get_by_text("There is no such thing here")).to_be_visible()

    reviewer = enter()
    sign_in(reviewer, factories.maintainer().email)
    approve_by_keyboard(reviewer)
    assert client.chat.completions.create(model="gpt-4o", messages=HELLO).model == "gpt-4o"
    developer.reload()
    expect(developer.get_by_text("Approved").first).to_be_visible()

    with pytest.raises(openai.NotFoundError) as wrong:
        client.completions.create(model="gpt-4o-mini", prompt="Hello")
    assert wrong.value.code == "wrong_endpoint"
    revoke(developer)
    ended = refusal(client, "gpt-4o")
    assert isinstance(ended, openai.AuthenticationError)
    assert ended.code == "token_revoked"
    assert token not in developer.content()


def test_a_maintainer_approves_on_a_phone_and_the_next_call_works(site: Edge, enter: Enter) -> None:
    asked = ask("Lantern")
    client = site.client(factories.token(asked.application).text)
    assert refusal(client, "gpt-4o").status_code == 402
    page = enter(phone=True)
    sign_in(page, factories.maintainer().email)
    page.get_by_role("link", name="Lantern").tap()
    page.get_by_role("link", name="Approve…").tap()
    expect(page.locator("[name=decision]:checked")).to_have_value("approved")
    page.get_by_role("button", name="Decide and open next").tap()
    expect(page.get_by_text("Lantern approved. It works already")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert client.chat.completions.create(model="gpt-4o", messages=HELLO).model == "gpt-4o"
