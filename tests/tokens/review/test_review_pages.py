"""What the queue and the detail page show, and to whom."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import PlatformRole, User
from tests import factories
from tiers.models import Tier
from tokens.actions.handling import claim_request
from tokens.actions.requests import add_message, save_draft
from tokens.actions.reviews import approve_request, reject_request
from tokens.evidence.gathering import gather
from tokens.models import AccessRequest, Domain
from tokens.selectors.review import SIZE

from .conftest import ask, signed_in

QUEUE = "/review/"


def address(access_request: AccessRequest, view: str = "detail") -> str:
    return reverse(f"review:{view}", args=[access_request.public_id])


def text(client, path: str) -> str:  # type: ignore[no-untyped-def]
    response = client.get(path)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_the_queue_lists_what_waits_oldest_first_and_no_drafts(desk: SimpleNamespace) -> None:
    first, second = ask("First"), ask("Second")
    nectar = Tier.objects.get(slug="nectar")
    save_draft(application=second.application, tier=nectar, by=second.applicant)
    page = text(desk.client, QUEUE)
    assert page.index(f"row-{first.public_id}") < page.index(f"row-{second.public_id}")
    assert page.count('class="row"') == 2


def test_an_empty_queue_says_so(desk: SimpleNamespace) -> None:
    assert "Every access request has been answered." in text(desk.client, QUEUE)


def test_tabs_hold_each_state(desk: SimpleNamespace) -> None:
    waiting, done = ask("Still here"), ask("Was decided")
    approve_request(access_request=done, version=done.version, by=factories.person("Petra", PlatformRole.MAINTAINER))
    assert "Was decided" not in text(desk.client, QUEUE)
    decided = text(desk.client, QUEUE + "?tab=decided")
    assert "Was decided" in decided
    assert waiting.application.name not in decided


def test_finding_by_application_person_and_domain(desk: SimpleNamespace) -> None:
    wanted, other = ask("Needle"), ask("Hay")
    application = wanted.application
    Domain.objects.create(workspace=application.workspace, application=application, host="pin.example", proof="x")
    User.objects.filter(pk=wanted.applicant_id).update(name="Zelda")
    for find in ("needl", "zeld", "pin.exam", wanted.public_id.upper()):
        page = text(desk.client, f"{QUEUE}?find={find}")
        assert f"row-{wanted.public_id}" in page, find
        assert f"row-{other.public_id}" not in page, find


def test_filtering_by_who_claimed(desk: SimpleNamespace) -> None:
    mine, free = ask("Mine"), ask("Free")
    claim_request(access_request=mine, by=desk.maintainer)
    assert f"row-{free.public_id}" not in text(desk.client, QUEUE + "?who=me")
    assert f"row-{mine.public_id}" not in text(desk.client, QUEUE + "?who=nobody")


def test_pages_by_keyset_show_every_row_once_there_and_back(desk: SimpleNamespace) -> None:
    sample = ask()
    AccessRequest.objects.bulk_create(
        AccessRequest(
            workspace=sample.workspace,
            application=factories.application(by=sample.applicant, name=f"A{n}"),
            applicant=sample.applicant,
            tier=sample.tier,
            state="submitted",
            submitted_at=sample.submitted_at + timedelta(seconds=n // 3),
            due_at=sample.due_at + timedelta(seconds=n // 3),
        )
        for n in range(SIZE + 4)
    )
    first = desk.client.get(QUEUE)
    second = desk.client.get(f"{QUEUE}?after={first.context['pages'].after}")
    again = desk.client.get(f"{QUEUE}?before={second.context['pages'].before}")
    ids = [[row.public_id for row in page.context["rows"]] for page in (first, second, again)]
    assert (len(ids[0]), len(ids[1])) == (SIZE, 5)
    assert not set(ids[0]) & set(ids[1])
    assert ids[2] == ids[0]
    assert (first.context["pages"].before, second.context["pages"].after) == ("", "")


def test_the_detail_shows_what_changes_and_what_speaks_for_it(desk: SimpleNamespace) -> None:
    asked = ask()
    gather(asked.pk)
    about = desk.client.get(address(asked)).context["about"]
    assert (about.changes.tier_now, about.changes.tier_after) == ("seed", "flower")
    assert [(c.now, c.after) for c in about.changes.limits][:2] == [("60", "300"), ("5,000", "50,000")]
    assert "claude-sonnet-4-6" in about.changes.opened
    values = {signal.label: (signal.told.value, signal.told.note) for signal in about.signals}
    assert values["Expected calls per day"] == ("12,000", "fits flower")
    assert values["Earlier access requests"][0] == "None decided"


def test_an_earlier_rejection_is_a_signal(desk: SimpleNamespace) -> None:
    old = ask()
    reject_request(access_request=old, version=old.version, reason="Not yet", by=desk.maintainer)
    AccessRequest.objects.filter(pk=old.pk).update(decided_at=timezone.now() - timedelta(days=8))
    new = save_draft(application=old.application, tier=old.tier, by=old.applicant)
    AccessRequest.objects.filter(pk=new.pk).update(
        state="submitted", submitted_at=timezone.now(), due_at=timezone.now()
    )
    gather(new.pk)
    assert "this one was rejected before" in text(desk.client, address(new))


@pytest.mark.parametrize("others", [0, 12])
def test_the_number_of_queries_does_not_depend_on_the_rows(
    others: int, desk: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    asked = ask()
    for number in range(others):
        ask(f"Other {number}")
        add_message(access_request=asked, text="Another remark", by=desk.maintainer)
    desk.client.get(QUEUE)
    with django_assert_num_queries(19):
        desk.client.get(QUEUE)
    with django_assert_num_queries(24):
        desk.client.get(f"{QUEUE}?find=reader")
    with django_assert_num_queries(39):
        desk.client.get(address(asked))
    with django_assert_num_queries(35):
        desk.client.get(address(asked), headers={"HX-Request": "true", "HX-Target": "detail"})


def test_a_draft_and_a_stranger_id_are_not_found(desk: SimpleNamespace) -> None:
    asked = ask()
    nectar = Tier.objects.get(slug="nectar")
    draft = save_draft(application=asked.application, tier=nectar, by=asked.applicant)
    assert desk.client.get(address(draft)).status_code == 404
    assert desk.client.get("/review/0000000000zz/").status_code == 404


def test_an_insider_reads_why_they_may_not_decide_and_no_internal_remark(desk: SimpleNamespace) -> None:
    asked = ask()
    add_message(access_request=asked, text="Between reviewers", by=desk.maintainer, internal=True)
    assert "Between reviewers" in text(desk.client, address(asked))
    insider = factories.person("Inga", PlatformRole.MAINTAINER)
    factories.join(asked.workspace, insider)
    page = text(signed_in(insider), address(asked))
    assert "You belong to the workspace that asks" in page
    assert "Between reviewers" not in page
    assert 'name="decision"' not in page


def test_an_auditor_reads_and_does_not_decide(desk: SimpleNamespace) -> None:
    asked, client = ask(), signed_in(factories.auditor())
    assert 'name="decision"' not in text(client, address(asked))
    for view in ("decide", "claim", "release", "remark"):
        assert client.post(address(asked, view), {"decision": "approved", "version": 2}).status_code == 403


def test_developers_are_refused_and_visitors_sign_in(desk: SimpleNamespace, client) -> None:  # type: ignore[no-untyped-def]
    asked = ask()
    for path in (QUEUE, address(asked)):
        assert signed_in(asked.applicant).get(path).status_code == 403
        assert client.get(path).status_code == 302
