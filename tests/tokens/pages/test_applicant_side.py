"""The applicant's side of a review: what is asked of them, who has it, where mails lead; and what is never told."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.test import Client

from accounts.clock import now
from accounts.models import PlatformRole, User
from tests import factories
from tests.tokens.review.conftest import ask, signed_in
from tiers.actions.grants import give_grant
from tiers.facts import LimitFacts
from tiers.models import AIModel
from tokens import decision_mails, tasks
from tokens.actions.handling import assign_request, claim_request, snooze_request, take_over_request
from tokens.actions.requests import add_message, submit_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.models import AccessRequest, Decision, ReviewGroup
from tokens.selectors.requests import Place, place_in_line
from tokens.selectors.review import position

SECRET = "between-reviewers-only"


@pytest.fixture
def desk(db: None) -> SimpleNamespace:
    factories.catalogue()
    people = [factories.person(name, PlatformRole.MAINTAINER) for name in ("Mika", "Petra", "Quentin")]
    return SimpleNamespace(mika=people[0], petra=people[1], quentin=people[2])


def page(access_request: AccessRequest, by: User | None = None) -> str:
    answer = signed_in(by or access_request.applicant).get(f"/requests/{access_request.public_id}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_is_asked_stands_on_top_and_on_the_page_where_it_is_changed(desk: SimpleNamespace) -> None:
    asked = ask()
    text = "How many pupils? <b>שלום</b>"
    asked = ask_for_changes(access_request=asked, version=asked.version, text=text, by=desk.petra)
    client = signed_in(asked.applicant)
    for path in ("", "edit/"):
        shown = client.get(f"/requests/{asked.public_id}/{path}").content.decode()
        assert 'id="asked-h"' in shown
        assert "How many pupils? &lt;b&gt;שלום" in shown
    submit_request(access_request=asked, by=asked.applicant)
    assert 'id="asked-h"' not in page(asked)


def test_who_has_it_is_named_whether_claimed_or_assigned(desk: SimpleNamespace) -> None:
    asked = ask()
    assert "nobody yet" in page(asked)
    assigned = assign_request(access_request=asked, to=desk.petra, group=None, by=desk.mika)
    assert "<bdi>Petra</bdi>" in page(assigned)
    claim_request(access_request=assigned, by=desk.mika)
    assert "<bdi>Mika</bdi>" in page(assigned)


def test_limits_granted_are_shown(desk: SimpleNamespace) -> None:
    asked = ask()
    limits = LimitFacts(per_minute=7, per_day=4321)
    approve_request(access_request=asked, version=asked.version, limits=limits, by=desk.mika)
    shown = page(asked)
    assert "4,321 <small>set for you</small>" in shown
    assert "7 <small>set for you</small>" in shown


def test_nothing_of_reviewers_among_themselves_reaches_the_applicant(desk: SimpleNamespace) -> None:
    group = ReviewGroup.objects.create(name=f"Group {SECRET}")
    asked = claim_request(access_request=ask(), by=desk.petra)
    add_message(access_request=asked, text=f"@Quentin {SECRET}", by=desk.petra, internal=True)
    seen = {"access_request": asked, "version": asked.version}
    asked = take_over_request(**seen, word=f"{SECRET} I know them", by=desk.mika)
    asked = assign_request(access_request=asked, to=desk.quentin, group=group, by=desk.mika)
    asked = snooze_request(access_request=asked, version=asked.version, until=None, by=desk.mika)
    add_message(access_request=asked, text="Any news?", by=asked.applicant)
    asked.refresh_from_db()
    add_message(access_request=asked, text="Soon", by=desk.mika)
    tasks.tell_applicant(asked.pk, "request.remarked", asked.version)
    reject_request(access_request=asked, version=asked.version, reason="Not now", by=desk.mika)
    Decision.objects.update(mail_at="2020-01-01T00:00:00Z")
    told = [page(asked), signed_in(asked.applicant).get("/activity/").content.decode()]
    told += [message.subject + message.body for message in mail.outbox if message.to == [asked.applicant.email]]
    assert len(mail.outbox) == 1
    for text in told:
        for kept in (SECRET, "Quentin", "put it off", "brought it back", "assigned", "Signals"):
            assert kept not in text, kept
        for person in (desk.mika, desk.petra, desk.quentin):
            assert person.email not in text


def test_a_mail_leads_to_its_part_of_the_page_after_signing_in(desk: SimpleNamespace) -> None:
    asked = ask()
    ask_for_changes(access_request=asked, version=asked.version, text="How many?", by=desk.mika)
    Decision.objects.update(mail_at=Decision.objects.get().at)
    assert decision_mails.send_due() == 1
    address = f"/requests/{asked.public_id}/"
    assert f"{address}?part=asked-h" in mail.outbox[0].body
    to_sign_in = Client().get(f"{address}?part=asked-h")
    assert to_sign_in.status_code == 302
    assert "part%3Dasked-h" in to_sign_in["Location"]
    there = signed_in(asked.applicant).get(f"{address}?part=asked-h")
    assert there["Location"] == f"{address}#asked-h"
    assert signed_in(asked.applicant).get(f"{address}?part=//evil.example").status_code == 200


def test_whoever_is_in_several_workspaces_lands_in_the_right_one(desk: SimpleNamespace) -> None:
    asked, guest = ask(), factories.person("Gus")
    factories.join(asked.workspace, guest)
    answer = signed_in(guest).get(f"/requests/{asked.public_id}/")
    assert answer.status_code == 200
    assert answer.context["shell"].workspace == asked.workspace
    assert signed_in(factories.person("Eve")).get(f"/requests/{asked.public_id}/").status_code == 404


def test_what_was_decided_can_still_be_talked_about(desk: SimpleNamespace) -> None:
    asked = ask()
    reject_request(access_request=asked, version=asked.version, reason="Not now", by=desk.mika)
    client = signed_in(asked.applicant)
    assert client.post(f"/requests/{asked.public_id}/message/", {"text": "May I know more?"}).status_code == 302
    asked.refresh_from_db()
    tasks.tell_reviewers(asked.pk, "request.answered", asked.version, 1)
    assert [message.to for message in mail.outbox] == [[desk.mika.email]]
    assert "You can ask again from" in page(asked)


def test_applicants_count_in_the_order_of_reviewers_without_what_was_put_off(desk: SimpleNamespace) -> None:
    first, second, third = (ask() for _ in range(3))
    moment = now()
    AccessRequest.objects.filter(pk=first.pk).update(due_at=moment + timedelta(days=9))
    for asked in (first, second, third):
        asked.refresh_from_db()
    snooze_request(access_request=second, version=second.version, until=moment + timedelta(days=2), by=desk.mika)
    places = {
        asked.pk: place_in_line(AccessRequest.objects.get(pk=asked.pk), moment) for asked in (first, second, third)
    }
    assert places == {first.pk: Place(2, 2), second.pk: Place(1, 3), third.pk: Place(1, 2)}
    assert [position(AccessRequest.objects.get(pk=one.pk), moment) for one in (third, first)] == [1, 2]


def test_what_a_grant_of_its_own_opens_is_counted_as_held(desk: SimpleNamespace) -> None:
    """As the reviewer's page counts it: of both pages, how many it may call now and how many then."""
    asked = ask()

    def counts() -> list[tuple[int, int]]:
        applicants = re.search(
            r">(\d+) → (\d+)<", page(asked).partition("If approved as asked")[2].partition("Models")[2]
        )
        reviewers = signed_in(desk.mika).get(f"/review/{asked.public_id}/").content.decode()
        told = re.search(r">Models</th><td>(\d+)</td><td>\d+ <ins>\+ (\d+)</ins>", reviewers)
        assert applicants is not None
        assert told is not None
        now, more = int(told[1]), int(told[2])
        return [(int(applicants[1]), int(applicants[2])), (now, now + more)]

    before, same = counts()
    assert before == same
    model = AIModel.objects.filter(tier__slug="flower", early_access_until=None, retired_at=None).first()
    given = {"source": "manual", "source_id": "by-hand", "reason": "By hand", "by": factories.administrator()}
    give_grant(workspace=asked.workspace, model=model, **given)
    assert counts() == [(before[0] + 1, before[1])] * 2
