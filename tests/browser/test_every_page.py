"""Nothing is wrong with any page that has an address of its own, for those who may see it, wide and on a phone."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page
from pytest_django import Settings

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults

# Long, and what it says is the same for everybody: `test_reference` looks at it.
ELSEWHERE = "/docs/"
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def addresses(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[str]:
    """Every address that takes no argument."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = f"{prefix}{entry.pattern}"
        if any(sign in path for sign in "<(^"):
            continue
        if isinstance(entry, URLPattern):
            yield path
        else:
            yield from addresses(entry, path)


def faults_of_all(page: Page) -> dict[str, list[str]]:
    """What is wrong, by address. Only pages count: what answers a form, a part, data or a refusal is not looked at. A
    page that many addresses lead to, as signing in is, is looked at once."""
    found, seen = {}, set()
    for path in sorted(set(addresses()) - {ELSEWHERE}):
        page.complaints.clear()  # type: ignore[attr-defined]
        answer = page.request.get(path)
        place = urlsplit(answer.url).path
        is_page = "text/html" in answer.headers["content-type"] and "<html" in answer.text()
        if answer.status == 200 and is_page and place not in seen:
            seen.add(place)
            page.goto(path)
            if problems := faults(page):
                found[path] = problems
    assert len(seen) > 5, "the addresses lead to pages"
    return found


def test_nothing_is_wrong_with_a_page_for_visitors(browse: Open, transactional_db: None) -> None:
    factories.catalogue()
    assert faults_of_all(browse("/accounts/login/", phone=True)) == {}


@pytest.mark.parametrize(("role", "phone"), [(PlatformRole.DEVELOPER, True), (PlatformRole.ADMINISTRATOR, False)])
def test_nothing_is_wrong_with_a_page_for_those_who_may_see_it(
    browse: Open, transactional_db: None, settings: Settings, role: str, phone: bool
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    factories.catalogue()
    person = factories.person("Noor", role)
    factories.application(person, "Lantern")
    assert faults_of_all(browse("/profile/", by=person, phone=phone, dark=not phone)) == {}
