"""A real Chromium before the real pages. `axe.min.js` is axe-core 4.14.1 (MPL-2.0, see axe-LICENSE.txt), unchanged."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.fixtures.browsers import patient_page

AXE = (Path(__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Those of them that look at colours.
COLOURS = ["color-contrast", "link-in-text-block"]
# All that axe passed is long: to carry it out of the page took longer than to find it.
VIOLATIONS = """async rules => {
    const {violations} = await axe.run(document, {runOnly: rules, resultTypes: ["violations"], selectors: false});
    return violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 160)}`));
}"""
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

Open = Callable[..., Page]


@pytest.fixture
def browse(chromium: Browser, live_server: LiveServer) -> Iterator[Open]:
    """`browse(path, by=user, phone=True, dark=True, script=False)` opens a page as that person and returns it.
    Whatever the page complains of on its console is kept in `page.complaints`."""
    contexts: list[BrowserContext] = []

    def opened(
        path: str, *, by: User | None = None, phone: bool = False, dark: bool = False, script: bool = True
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport=PHONE if phone else WIDE,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        contexts.append(context)
        if by is not None:
            _sign_in(context, by, live_server.url)
        page = patient_page(context, script)
        page.complaints = []  # type: ignore[attr-defined]
        page.on("console", lambda message: _note(page, message.type, message.text))
        page.on("pageerror", lambda error: _note(page, "error", str(error)))
        page.goto(path)
        if script and not phone:
            # What comes to stand beside a list is a part of its page.
            page.locator("#detail[hx-get]").wait_for(state="detached")
        return page

    yield opened
    for context in contexts:
        context.close()


def _note(page: Page, kind: str, text: str) -> None:
    # A page that is itself a refusal is logged by the browser as a failed resource.
    if kind == "error" and "server responded with a status of 4" not in text:
        page.complaints.append(text)  # type: ignore[attr-defined]


def _sign_in(context: BrowserContext, user: User, url: str) -> None:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])


def faults(page: Page) -> list[str]:
    """What is wrong with a page for anybody: axe's violations, complaints on the console (among them whatever
    the Content-Security-Policy refused), and a page that scrolls sideways."""
    page.wait_for_load_state()
    page.evaluate(AXE)
    violations = page.evaluate(VIOLATIONS, RULES)
    sideways = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*violations, *page.complaints, *(["scrolls sideways"] if sideways else [])]  # type: ignore[attr-defined]


def faults_light_and_dark(page: Page) -> list[str]:
    """Likewise of a page that is light, and then of its dark colours: nothing else of it is another in the dark, as
    `test_the_dark_is_other_colours_alone` sees to."""
    found = faults(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {fault}" for fault in page.evaluate(VIOLATIONS, COLOURS)]
    page.emulate_media(color_scheme="light")
    return found
