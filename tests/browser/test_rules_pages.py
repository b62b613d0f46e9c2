"""Rules of review in a real browser: written without script, without faults in every state, with hostile names."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, faults
from tests.tokens.rules.conftest import a_rule, make_desk, waiting
from tokens.actions.reviews import approve_request, reject_request
from tokens.actions.rules import retire_rule
from tokens.models import Application, Rule, RuleVersion
from tokens.rules.applying import apply

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTILE = "<b>Ж</b>" + "w" * 50 + " \u0627\u0644\u0645\u062f\u0631\u0633\u0629"


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["wide", "phone"])
def test_pages_have_no_faults_in_any_state(browse: Open, phone: bool, dark: bool) -> None:
    desk = make_desk()
    for number in range(3):
        asked = waiting(f"Reader {number}")
        decide = {"access_request": asked, "version": asked.version, "by": desk.mika}
        if number == 0:
            approve_request(**decide)
        elif number == 1:
            reject_request(**decide, reason="No")
    version = a_rule(by=desk.ada, position=1, days=30)
    route = a_rule(by=desk.ada, on=False, effect="route", position=2, escalate=True)
    retire_rule(rule=a_rule(by=desk.ada, position=3).rule, by=desk.ada)
    apply(asked)
    Rule.objects.filter(pk=route.rule_id).update(name=HOSTILE)
    Application.objects.filter(pk=asked.application_id).update(name=HOSTILE)
    pages = [f"/review/rules/{one.rule.public_id}/" for one in (version, route)]
    paths = ["/review/rules/", "/review/rules/?retired=1", "/review/rules/new/", "/review/rules/new/?effect=route"]
    paths += [path for page in pages for path in (page, f"{page}edit/", f"{page}versions/1/")]
    page = browse("/review/rules/", by=desk.ada, phone=phone, dark=dark)
    for path in paths:
        page.goto(path)
        for summary in page.locator("main summary").all():
            summary.click()
        assert faults(page) == [], path


def test_a_rule_is_written_and_switched_on_without_script(browse: Open) -> None:
    desk = make_desk()
    waiting()
    page = browse("/review/rules/new/?effect=approve", by=desk.ada, script=False)
    page.get_by_label("Name").fill("Small schools")
    page.get_by_label("asks for one of these tiers").check()
    page.get_by_role("button", name="Save, and see what it would do").click()
    expect(page.get_by_role("alert")).to_contain_text("Fill in what this condition needs.")
    expect(page.get_by_label("Name")).to_have_value("Small schools")
    page.get_by_role("checkbox", name="flower").check()
    page.get_by_role("button", name="Save, and see what it would do").click()
    expect(page.locator(".tally")).to_contain_text("Of 1 access request it would have approved 1.")
    expect(page.get_by_text("1 of them waits now")).to_be_visible()
    assert Rule.objects.get().active is None
    page.get_by_role("button", name="Switch on version 1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("On, version 1")
    assert Rule.objects.get().active == RuleVersion.objects.get()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Off")


def test_what_a_condition_needs_is_shown_once_it_is_ticked(browse: Open) -> None:
    desk = make_desk()
    page = browse("/review/rules/new/", by=desk.ada)
    days = page.locator("#id_account_days")
    expect(days).to_be_hidden()
    page.locator("#id_on_account_days").check()
    expect(days).to_be_visible()
    page.locator("#id_on_account_days").uncheck()
    expect(days).to_be_hidden()
