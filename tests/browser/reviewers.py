"""Reviewers who empty the queue: one by the keyboard of a real browser, one over HTTP by what the pages say."""

import re
from collections.abc import Sequence
from html import unescape
from itertools import cycle
from typing import Final

import httpx
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User

WORDS: Final = {
    "a": "Welcome, 欢迎; j, k",
    "c": "Who runs it? مرحبا",
    "r": "Not for now; e, z, m",
}
# Functions: an expression is read anew at each look, which the pages' Content-Security-Policy forbids after the first.
SHOWN: Final = """() => document.readyState === "complete"
    && (document.querySelector("#detail #d-h") || !document.querySelector("#detail")?.dataset.id)"""
ABREAST: Final = """() => document.querySelector("#list a.row[aria-current]")?.id
    === `row-${document.querySelector("#detail:has(#d-h)")?.dataset.id}`"""


class AtTheKeys:
    """A reviewer with a keyboard. Each key waits for what the last one did."""

    def __init__(self, page: Page, steps: Sequence[str]) -> None:
        self.page, self.steps = page, cycle(steps)
        self.sent: dict[str, str] = {}
        self.conflicts = 0

    @property
    def opened(self) -> str:
        """The id of what is open; empty once nothing is left."""
        self.page.wait_for_function(SHOWN)
        return self.page.locator("#detail").get_attribute("data-id") or ""

    def go(self, key: str) -> None:
        """A key after which another page stands."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def one_more(self) -> bool:
        """Whether there was one to handle."""
        if not self.opened:
            return False
        if self.page.locator(".decide [name=decision]").count():
            getattr(self, f"press_{next(self.steps)}", self.decide)()
        else:
            self.go("e")
        return True

    def choose(self, key: str) -> str:
        """The decision and its words, typed and not sent."""
        page = self.page
        page.keyboard.press(key)
        expect(page.locator(f".decide [data-key={key}]")).to_be_checked()
        if key == "a":  # The others need words, and lead to where they are written.
            page.keyboard.press("n")
        note = page.locator(".decide [name=note]")
        expect(note).to_be_focused()
        page.keyboard.type(WORDS[key])
        expect(note).to_have_value(WORDS[key])
        return self.opened

    def decide(self, key: str = "a") -> bool:
        """Whether nobody was faster."""
        asked = self.choose(key)
        self.go("Control+Enter")
        if self.page.locator("#problem").count():
            self.told_who_was_first(WORDS[key])
            return False
        self.sent[asked] = key
        return True

    def told_who_was_first(self, typed: str) -> None:
        self.conflicts += 1
        problem = self.page.locator("#problem")
        expect(problem).to_have_text(re.compile("(Mika|Petra|王芳|שרה)\u2069? .* UTC"))
        expect(self.page.locator("aside.decide textarea").first).to_have_value(typed)
        self.go("e")

    def press_c(self) -> None:
        self.decide("c")

    def press_r(self) -> None:
        self.decide("r")

    def press_j(self) -> None:
        """Down and up again, however the list moves meanwhile."""
        for key in ("j", "k"):
            self.page.keyboard.press(key)
            current = self.page.locator("#list a.row[aria-current]")
            expect(current).to_be_focused()
            self.page.wait_for_function(ABREAST)
        if self.page.locator(".decide [name=decision]").count():
            self.decide("a")

    def press_m(self) -> None:
        """Claimed, then decided."""
        self.page.keyboard.press("m")
        expect(self.page.locator("[data-key=m]")).to_be_focused()
        self.go("Enter")
        if self.page.get_by_text("Claimed by you").count():
            self.decide("a")

    def press_i(self) -> None:
        """Given to somebody, and on to the next."""
        self.page.keyboard.press("i")
        field = self.page.get_by_label("Whose it is to decide")
        expect(field).to_be_focused()
        self.page.keyboard.press("ArrowDown")
        expect(field).not_to_have_value("")
        self.go("Control+Enter")
        self.go("e")

    def press_s(self) -> None:
        self.page.keyboard.press("s")
        soonest = self.page.get_by_label("Tomorrow morning")
        expect(soonest).to_be_focused()
        self.page.keyboard.press("Space")
        expect(soonest).to_be_checked()
        self.go("Control+Enter")

    def press_z(self) -> None:
        """Decided, taken back, and decided otherwise."""
        if not self.decide("r"):
            return
        undo = self.page.locator("form.undo button")
        self.page.keyboard.press("z")
        expect(undo).to_be_focused()
        self.go("Enter")
        self.sent.pop(self.opened)
        if self.page.locator(".decide [name=decision]").count():
            self.decide("c")


class OverHttp:
    """A reviewer without a browser: the page's first row, its form, and wherever it leads."""

    def __init__(self, url: str, user: User, order: str) -> None:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        name = settings.SESSION_COOKIE_NAME
        self.http = httpx.Client(base_url=url, cookies={name: client.cookies[name].value}, timeout=60)
        self.order = order
        self.sent: dict[str, str] = {}
        self.conflicts = 0

    def decide_many(self, start: str, most: int) -> None:
        """Beginning there, and wherever each leads."""
        try:
            path = f"/review/{start}/?{self.order}"
            while path and len(self.sent) < most:
                path = self.decide(path, "acr"[len(self.sent) % 3]) or self.first()
        finally:
            connections.close_all()

    def first(self) -> str:
        found = re.search(r'<a class="row"[^>]* href="([^"]+)"', self.http.get(f"/review/?{self.order}").text)
        return unescape(found[1]) if found else ""

    def decide(self, path: str, key: str) -> str:
        """Where the page leads next; empty where it is to be looked for in the list."""
        page = self.http.get(path).text
        form = re.search(r'<form method="post" action="(/review/(\w+)/decide/[^"]*)".*?</form>', page, re.S)
        if form is None:
            return ""
        values = dict(re.findall(r'name="(csrfmiddlewaretoken|version)" value="([^"]+)"', form[0]))
        decision = re.findall(r'name="decision"[^>]* value="(\w+)"', form[0])["acr".index(key)]
        answer = self.http.post(unescape(form[1]), data={**values, "decision": decision, "note": WORDS[key]})
        if answer.status_code == 409:
            self.conflicts += 1
            assert WORDS[key] in unescape(answer.text), "the draft is lost"
            return ""
        assert answer.status_code == 302, answer.status_code
        self.sent[form[2]] = key
        return answer.headers["Location"] if re.match(r"/review/\w{12}/", answer.headers["Location"]) else ""
