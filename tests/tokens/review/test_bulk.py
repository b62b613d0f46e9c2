"""Many decisions in one go: said beforehand, decided one by one, and never twice."""

from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from tests import factories
from tiers.facts import LimitFacts
from tiers.models import Grant, Tier
from tokens.actions.limits import set_limits
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest, CannedReply, Decision, RequestMessage, ReviewTerms

from .conftest import ask
from .test_review_pages import text

pytestmark = pytest.mark.usefixtures("unhurried")
BULK = "/review/bulk/"
BATCH = "batch0000001"


def page_of(*chosen: AccessRequest) -> str:
    return f"{BULK}?" + "&".join(f"id={asked.public_id}" for asked in chosen)


def send(desk: SimpleNamespace, *chosen: AccessRequest, **values: object) -> HttpResponse:
    items = [f"{asked.public_id}:{asked.version}" for asked in chosen]
    given = {"item": items, "batch": BATCH, "decision": "approved", "until": "365", "note": "", **values}
    response: HttpResponse = desk.client.post(BULK, given)
    return response


def states(*chosen: AccessRequest) -> list[str]:
    return [AccessRequest.objects.get(pk=asked.pk).state for asked in chosen]


def test_the_preview_says_what_each_approval_changes_and_what_cannot_be(desk: SimpleNamespace) -> None:
    first, own, done, high = ask("First"), ask("Own"), ask("Done"), ask("High", "nectar")
    factories.join(own.workspace, desk.maintainer)
    approve_request(access_request=done, version=done.version, by=factories.person("Petra", "maintainer"))
    ReviewTerms.objects.create(tier=high.tier, approvals=2)
    page = text(desk.client, page_of(first, own, done, high))
    assert "2 access requests can be decided" in page
    assert "You belong to the workspace that asks" in page
    assert "Petra approved this access request" in page
    assert "First of two: takes no effect yet" in page
    assert page.count('name="item"') == 2
    assert "<ins>300</ins>" in page


def test_the_preview_shows_every_limit_that_changes_and_those_of_staff(desk: SimpleNamespace) -> None:
    free, bound = ask("Free"), ask("Bound", by=factories.person("Bo"))
    Tier.objects.filter(slug="seed").update(requests_per_month=100, concurrent_calls=2)
    Tier.objects.filter(slug="flower").update(requests_per_month=5_000, concurrent_calls=2)
    ada = factories.administrator()
    workspace = bound.workspace
    set_limits(
        workspace=workspace, application=bound.application, limits=LimitFacts(per_day=7), reason="Slowly", by=ada
    )
    set_limits(workspace=workspace, application=None, limits=LimitFacts(per_month=90), reason="Slowly", by=ada)
    first, second = desk.client.get(page_of(free, bound)).context["lines"]
    assert [(limit.label, limit.now, limit.after, limit.risk) for limit in first.changes.grown] == [
        ("Requests per minute", "60", "300", ""),
        ("Calls per day", "5,000", "50,000", "10 times as many"),
        ("Calls per month", "100", "5,000", "50 times as many"),
    ]
    assert (first.changes.held, list(first.changes.over)) == (False, [])
    assert "Calls per day" not in [limit.label for limit in second.changes.grown]
    assert (second.changes.held, list(second.changes.over)) == (True, [("calls per month", "90")])
    page = text(desk.client, page_of(free, bound))
    assert "5,000 → <ins>50,000</ins>" in page
    assert "Staff set limits for this application, which stay." in page
    assert "Workspace, by staff: calls per month 90" in page


def test_the_number_of_queries_does_not_depend_on_how_many(
    desk: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    chosen = [ask(f"Application {number}") for number in range(6)]
    text(desk.client, page_of(*chosen))
    with django_assert_num_queries(25):
        text(desk.client, page_of(chosen[0]))
    with django_assert_num_queries(25):
        text(desk.client, page_of(*chosen))


def test_each_is_decided_and_told_apart(desk: SimpleNamespace) -> None:
    first, second, gone = ask("First"), ask("Second", "nectar"), ask("Gone")
    approve_request(access_request=gone, version=gone.version, by=factories.person("Petra", "maintainer"))
    page = send(desk, first, second, gone).content.decode()
    assert "2 of 3 decided" in page
    assert "Petra approved this access request" in page
    assert states(first, second, gone) == ["approved"] * 3
    assert set(Decision.objects.filter(batch=BATCH).values_list("access_request", flat=True)) == {first.pk, second.pk}
    assert Grant.objects.filter(source="request", revoked_at=None).count() == 3


def test_sent_twice_it_decides_once_and_says_the_same(desk: SimpleNamespace) -> None:
    chosen = [ask("First"), ask("Second")]
    pages = [send(desk, *chosen).content.decode() for _ in range(2)]
    assert all("2 of 2 decided" in page for page in pages)
    assert Decision.objects.count() == 2
    assert Grant.objects.filter(source="request").count() == 2


def test_all_of_it_is_undone_in_one_go(desk: SimpleNamespace) -> None:
    chosen = [ask("First"), ask("Second")]
    page = send(desk, *chosen).content.decode()
    assert "2 access requests decided." in page
    last = Decision.objects.latest("id")
    path = f"/review/{last.access_request.public_id}/undo/"
    done = desk.client.post(path, {"decision": last.public_id, "batch": BATCH}, follow=True).content.decode()
    assert "Undone, and nobody was mailed: 2." in done
    assert states(*chosen) == ["submitted", "submitted"]
    assert not Grant.objects.filter(source="request", revoked_at=None).exists()
    assert "Undone" in send(desk, *chosen).content.decode()
    assert states(*chosen) == ["submitted", "submitted"]


def test_the_second_of_two_approvals_is_on_the_terms_of_the_first(desk: SimpleNamespace) -> None:
    asked, petra = ask("High", "nectar"), factories.person("Petra", "maintainer")
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    approve_request(access_request=asked, version=asked.version, by=petra)
    asked.refresh_from_db()
    assert "Second, on the terms of <bdi>Petra</bdi>" in text(desk.client, page_of(asked))
    send(desk, asked, until="90")
    grant = Grant.objects.get(source="request")
    assert grant.ends_at is None


def test_each_applicant_reads_it_in_their_language_with_their_names_in_it(desk: SimpleNamespace) -> None:
    english, chinese = ask("{tier} Reader"), ask("古籍")
    User.objects.filter(pk=chinese.applicant_id).update(locale="zh-hans")
    reply = CannedReply.objects.create(
        outcome="changes", label_en="Who", text_en="Who runs {application}?", text_zh="谁在运行 {application}？"
    )
    send(desk, english, chinese, decision="changes", reply=reply.public_id, note="{unknown} {domain}")
    told = dict(RequestMessage.objects.values_list("access_request", "text"))
    assert told[english.pk] == "Who runs {tier} Reader?\n\n{unknown} –"
    assert told[chinese.pk] == "谁在运行 古籍？\n\n{unknown} –"


def test_what_is_missing_is_said_and_nothing_is_decided(desk: SimpleNamespace) -> None:
    asked = ask("First")
    for values, said in (
        ({"decision": ""}, "Choose a decision"),
        ({"decision": "rejected"}, "Say why, or what is missing"),
        ({"batch": "{}"}, "Enter a valid value"),
    ):
        response = send(desk, asked, **values)
        assert response.status_code == 422
        assert said in response.content.decode()
    many = [f"{number:012d}" for number in range(101)]
    assert desk.client.get(BULK, {"id": many}).status_code == 422
    assert desk.client.post(BULK, {"item": [f"{one}:1" for one in many], "batch": BATCH}).status_code == 422
    assert "Nothing selected" in text(desk.client, BULK)
    assert states(asked) == ["submitted"]


def test_replies_are_named_in_the_language_of_whoever_chooses(desk: SimpleNamespace) -> None:
    asked = ask()
    CannedReply.objects.create(outcome="rejected", label_en="Too early", label_zh="为时过早", text_en="Not yet.")
    CannedReply.objects.create(outcome="rejected", label_en="English alone", text_en="Not yet.")
    assert "Too early" in text(desk.client, page_of(asked))
    User.objects.filter(pk=desk.maintainer.pk).update(locale="zh-hans")
    page = text(desk.client, page_of(asked))
    assert [label in page for label in ("为时过早", "Too early", "English alone")] == [True, False, True]


def test_what_was_not_decided_stands_on_top_of_the_results(desk: SimpleNamespace) -> None:
    chosen = [ask(f"Number {number}") for number in range(4)]
    approve_request(access_request=chosen[2], version=chosen[2].version, by=factories.person("Petra", "maintainer"))
    page = " ".join(send(desk, *chosen).content.decode().split())
    places = [page.index(f"<bdi>Number {number}</bdi>") for number in (2, 0, 1, 3)]
    assert places == sorted(places)
