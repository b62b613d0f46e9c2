"""The figures, the terms and the groups in a browser, in light and dark, wide and on a phone."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from accounts import clock
from accounts.models import User
from tests import factories
from tests.browser.conftest import Open, faults, faults_light_and_dark
from tests.tokens.figures.lived import past
from tokens.actions.review_groups import make_group

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def ada(transactional_db: None, settings) -> User:  # type: ignore[no-untyped-def]
    settings.SECOND_FACTOR_REQUIRED = False
    factories.catalogue()
    ada, mika, now = factories.administrator(), factories.maintainer(), clock.now()
    User.objects.filter(pk=mika.pk).update(name="Ein-sehr-langer-Name-ohne-jede-Lücke-für-neunzig-Zeichen سهر")
    make_group(name="Donaudampfschifffahrtsgesellschaftskapitäne und Nachtwache", members=[ada, mika], by=ada)
    with past() as then:
        for hours in (2, 9, 40, 70):
            then.decided_within(timedelta(hours=hours), now - timedelta(hours=hours), by=mika)
        then.rejected(then.sent(now - timedelta(days=5), tier="nectar"), now - timedelta(days=1), by=ada)
        then.sent(now - timedelta(days=4))
    return ada


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_the_pages(browse: Open, ada: User, phone: bool) -> None:
    page = browse("/figures/", by=ada, phone=phone)
    assert faults_light_and_dark(page) == []
    page.get_by_text("As a table").click()
    expect(page.get_by_role("region", name="Table of decisions over time")).to_be_visible()
    assert faults_light_and_dark(page) == []
    for path in ("/review/terms/", "/review/groups/"):
        page.goto(path)
        assert faults_light_and_dark(page) == [], path


def test_a_refused_form_says_what_is_wrong(browse: Open, ada: User) -> None:
    page = browse("/review/terms/", by=ada)
    flower = page.get_by_role("region", name="flower")
    flower.get_by_label("Answered within, hours").fill("0")
    flower.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="flower").get_by_label("Answered within, hours")).to_have_value("0")
    assert faults(page) == []
