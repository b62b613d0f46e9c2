"""The pages of rules: written without script, looked at before they are switched on, with a fixed number of queries."""

from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.tokens.review.conftest import ask
from tests.tokens.rules.conftest import FOR_FLOWER, a_rule, turn_on, waiting
from tokens.actions.handling import claim_request
from tokens.actions.reviews import reject_request
from tokens.models import ReviewGroup, Rule, RuleVersion

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "Small schools",
    "position": "10",
    "on_tier": "on",
    "tier": ["flower"],
    "on_paid": "on",
    "paid": "12.50",
    "paid_currency": "USD",
    "on_never_rejected": "on",
    "give_tier": "flower",
    "days": "365",
    "requests_per_minute": "60",
}


def text(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


def test_a_rule_is_written_seen_switched_on_and_off(desk: SimpleNamespace) -> None:
    asked = waiting()
    answer = desk.client.post("/review/rules/new/?effect=approve", TYPED, follow=True)
    version = RuleVersion.objects.select_related("rule").get()
    assert version.conditions == [
        {"field": "tier", "is": "one_of", "value": ["flower"]},
        {"field": "never_rejected", "is": "true", "value": True},
        {"field": "paid", "is": "at_least", "value": {"amount": 1250, "currency": "USD"}},
    ]
    assert version.actions == {"tier": "flower", "days": 365, "limits": {"requests_per_minute": 60}}
    assert answer.redirect_chain == [(f"/review/rules/{version.rule.public_id}/versions/1/", 302)]
    assert "would have approved <b>0</b>" in text(answer)
    assert "the workspace has paid at least $12.50" in text(answer)
    page = f"/review/rules/{version.rule.public_id}/"
    answer = desk.client.post(f"{page}on/", {"number": "1", "seen": ""}, follow=True)
    assert "On, version 1" in text(answer)
    assert Rule.objects.get().active == version
    answer = desk.client.post(f"{page}off/", follow=True)
    assert "It does nothing more" in text(answer)
    desk.client.post(f"{page}retire/")
    assert "Small schools" not in text(desk.client.get("/review/rules/"))
    assert "Small schools" in text(desk.client.get("/review/rules/?retired=1"))
    assert asked.state == "submitted"


def test_a_form_that_was_refused_keeps_what_was_typed(desk: SimpleNamespace) -> None:
    typed = TYPED | {"days": "0", "on_calls": "on", "calls": ""}
    answer = desk.client.post("/review/rules/new/", typed)
    assert answer.status_code == 422
    shown = text(answer)
    assert 'value="12.50"' in shown
    assert "Fill in what this condition needs." in shown
    assert not Rule.objects.exists()


def test_nothing_ticked_is_refused(desk: SimpleNamespace) -> None:
    answer = desk.client.post("/review/rules/new/", {"name": "All", "position": "1", "tier": ["flower"]})
    assert answer.status_code == 422
    assert "a rule that asks for nothing fits nothing" in text(answer)


def test_editing_starts_from_the_newest_version_and_shows_what_changed(desk: SimpleNamespace) -> None:
    desk.client.post("/review/rules/new/", TYPED)
    rule = Rule.objects.get()
    shown = text(desk.client.get(f"/review/rules/{rule.public_id}/edit/"))
    assert 'value="12.50"' in shown
    assert 'value="60"' in shown
    desk.client.post(f"/review/rules/{rule.public_id}/edit/", TYPED | {"paid": "20", "days": ""})
    assert RuleVersion.objects.count() == 2
    shown = text(desk.client.get(f"/review/rules/{rule.public_id}/"))
    assert "<ins>the workspace has paid at least $20.00</ins>" in shown
    assert "without an end" in shown
    answer = desk.client.post(f"/review/rules/{rule.public_id}/edit/", TYPED | {"paid": "20", "days": ""}, follow=True)
    assert "has not changed" in text(answer)
    assert RuleVersion.objects.count() == 2


def test_a_rule_that_routes_is_written(desk: SimpleNamespace) -> None:
    group = ReviewGroup.objects.create(name="Payments")
    typed = {"name": "Big", "position": "5", "on_volume_at_least": "on", "volume_at_least": "100000"}
    answer = desk.client.post("/review/rules/new/?effect=route", typed)
    assert answer.status_code == 422
    told = typed | {"group": group.public_id, "person": desk.mika.public_id, "escalate": "on"}
    answer = desk.client.post("/review/rules/new/?effect=route", told, follow=True)
    assert "to the group Payments" in text(answer)
    assert "expects at least 100,000 calls a day" in text(answer)


def test_two_who_switch_at_once_are_told(desk: SimpleNamespace) -> None:
    version = a_rule(by=desk.ada)
    answer = desk.client.post(f"/review/rules/{version.rule.public_id}/on/", {"number": "1", "seen": ""})
    assert answer.status_code == 409
    assert "switched meanwhile" in text(answer)


def test_reviewers_read_and_find_no_buttons(desk: SimpleNamespace) -> None:
    version = a_rule(by=desk.ada)
    page = f"/review/rules/{version.rule.public_id}/"
    for path in ("/review/rules/", page, f"{page}versions/1/"):
        shown = text(desk.reader.get(path))
        assert "asks for the tier flower" in shown or path == "/review/rules/"
        assert "Word it anew" not in shown
        assert "/on/" not in shown
        assert "/review/rules/new/" not in shown


def test_what_is_hostile_is_shown_as_text(desk: SimpleNamespace) -> None:
    name = "<script>alert(1)</script>" + "w" * 70
    version = a_rule(by=desk.ada)
    Rule.objects.update(name=name)
    ask(name[:80])
    page = f"/review/rules/{version.rule.public_id}/"
    for path in ("/review/rules/", page, f"{page}edit/", f"{page}versions/1/"):
        shown = text(desk.client.get(path))
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert" in shown


def queries(client: Client, path: str, counted: object) -> int:
    with counted as found:  # type: ignore[attr-defined]
        assert client.get(path).status_code == 200
    return len(found)


def test_pages_take_the_same_queries_whatever_there_is(
    desk: SimpleNamespace, django_assert_max_num_queries: object
) -> None:
    conditions = [FOR_FLOWER, *({"field": field, "value": True} for field in ("no_bad_signal", "domain_proved"))]
    conditions += [{"field": "calls", "value": 0}, {"field": "refused_share", "value": 9}]
    conditions += [{"field": "second_factor", "value": True}, {"field": "never_rejected", "value": True}]
    version = a_rule(*conditions, {"field": "paid", "value": {"amount": 0, "currency": "USD"}}, by=desk.ada)
    page = f"/review/rules/{version.rule.public_id}/"
    paths = ["/review/rules/", page, f"{page}edit/", f"{page}versions/1/"]

    def counts() -> list[int]:
        return [queries(desk.client, path, django_assert_max_num_queries(40)) for path in paths]  # type: ignore[operator]

    waiting()
    desk.client.get(page)
    few = counts()
    for number in range(4):
        asked = waiting(f"Reader {number}")
        if number % 2:
            claimed = claim_request(access_request=asked, by=desk.mika)
            reject_request(access_request=claimed, version=claimed.version, reason="No", by=desk.mika)
        turn_on(a_rule(by=desk.ada, on=False, position=number + 1), desk.ada)
    assert counts() == few
