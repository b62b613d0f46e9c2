"""A developer whose call was refused finds out why, and makes the call that was meant."""

import json
import os
import subprocess
import time
from collections.abc import Iterator

import httpx
import openai
import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.browser.conftest import WIDE
from tests.fixtures.browsers import patient_page
from tests.journeys.conftest import Edge

pytestmark = [
    pytest.mark.browser,
    pytest.mark.server,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]
LISTED_SECONDS = 60
# What the shell would give to the command, an argument a line of JSON.
SHELL = """curl() { for word in "$@"; do printf '%%s\\0' "$word"; done; }
%s"""


@pytest.fixture
def page(chromium: Browser, site: Edge) -> Iterator[Page]:
    context = chromium.new_context(base_url=site.trellis, viewport=WIDE, reduced_motion="reduce")
    yield patient_page(context)
    context.close()


def sign_in(page: Page, site: Edge, person: object) -> None:
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site.trellis}])


def listed(page: Page, code: str) -> None:
    """The page, once the refusal is on it: gateways send theirs each second."""
    deadline = time.monotonic() + LISTED_SECONDS
    page.goto("/explain/")
    while page.locator(".recent a", has_text=code).count() == 0 and time.monotonic() < deadline:
        page.wait_for_timeout(500)
        page.reload()


def run(command: str, base: str, token: str) -> httpx.Response:
    """Make the call that the command makes, read by a real shell."""
    environment = {**os.environ, "BASE": base, "TRELLIS_TOKEN": token}
    words = subprocess.run(
        ["/bin/sh", "-c", SHELL % command], env=environment, capture_output=True, check=True, text=True
    ).stdout.split("\0")[:-1]
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    return httpx.post(words[0], headers=headers, json=json.loads(words[words.index("-d") + 1]), timeout=90)


def test_a_wrong_letter_case_is_found_and_the_corrected_call_works(site: Edge, page: Page) -> None:
    minted = factories.token()
    with pytest.raises(openai.NotFoundError) as refused:
        site.client(minted.text).completions.create(model="GPT-4o-mini", prompt="Hello")
    assert refused.value.code == "model_not_found"
    assert refused.value.response.headers["link"].startswith(f"<{site.trellis}/explain/?token=")

    sign_in(page, site, minted.token.created_by)
    listed(page, "model_not_found")
    page.locator(".recent a", has_text="model_not_found").click()
    expect(page.locator(".verdict code")).to_have_text("model_not_found")
    expect(page.locator(".verdict")).to_contain_text("Names are case-sensitive: it is “gpt-4o-mini”.")
    expect(page.locator("[name=model]")).to_have_value("GPT-4o-mini")
    command = page.locator("#fix").inner_text()
    assert minted.text not in page.content()

    answer = run(command, site.address, minted.text)
    assert (answer.status_code, answer.json()["model"]) == (200, "gpt-4o-mini")
