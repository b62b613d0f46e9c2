"""The decision form: what it needs, what it does, and what it keeps when somebody else was faster."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from accounts.errors import Conflict
from tests import factories
from tiers.models import Grant
from tokens.actions.handling import claim_request
from tokens.actions.requests import submit_request
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest, RequestMessage, ReviewTerms

from .conftest import ask
from .test_review_pages import address, text


def decide(desk: SimpleNamespace, access_request: AccessRequest, **values: object):  # type: ignore[no-untyped-def]
    given = {"version": access_request.version, "until": "365", "tier": "flower", "note": "", **values}
    return desk.client.post(address(access_request, "decide"), given)


def test_nothing_is_preselected(desk: SimpleNamespace) -> None:
    page = text(desk.client, address(ask()))
    assert page.count('name="decision"') == 3
    before_the_note = page[page.index('name="decision"') : page.index('name="tier"')]
    assert "checked" not in before_the_note


def test_no_decision_is_refused_and_says_so(desk: SimpleNamespace) -> None:
    response = decide(desk, ask(), note="Some words")
    assert response.status_code == 422
    assert "Choose a decision" in response.content.decode()
    assert "Some words" in response.content.decode()


def test_approving_grants_and_opens_the_next(desk: SimpleNamespace) -> None:
    first, second = ask("First"), ask("Second")
    response = decide(desk, first, decision="approved", tier="seed", until="90", note="Enjoy")
    assert (response.status_code, response["Location"]) == (302, address(second) + "?tab=pending#d-h")
    grant = Grant.objects.get(source="request")
    assert grant.tier is not None
    assert grant.ends_at is not None
    assert (grant.tier.slug, grant.reason) == ("seed", "Enjoy")
    assert timedelta(days=89) < grant.ends_at - datetime.now(UTC) <= timedelta(days=90)
    assert "First</bdi> approved" in text(desk.client, response["Location"])


def test_after_the_last_one_the_queue_opens(desk: SimpleNamespace) -> None:
    response = decide(desk, ask(), decision="rejected", note="Not for now")
    assert response["Location"] == "/review/?tab=pending"


@pytest.mark.parametrize(
    ("until", "day", "ends"),
    [("never", "", None), ("day", "2031-05-06", datetime(2031, 5, 7, tzinfo=UTC))],
)
def test_the_end_is_never_or_the_whole_of_a_last_day(
    until: str, day: str, ends: datetime | None, desk: SimpleNamespace
) -> None:
    decide(desk, ask(), decision="approved", until=until, day=day)
    assert Grant.objects.get(source="request").ends_at == ends


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"decision": "rejected"}, "Say why"),
        ({"decision": "changes", "note": "  "}, "Say why"),
        ({"decision": "approved", "until": "day"}, "Choose the last day"),
        ({"decision": "approved", "until": "day", "day": "2001-01-01", "note": "kept"}, "passed already"),
        ({"decision": "approved", "tier": "nectar"}, "not one of the available choices"),
    ],
)
def test_what_is_missing_or_wrong_is_said(values: dict[str, str], said: str, desk: SimpleNamespace) -> None:
    asked = ask()
    response = decide(desk, asked, **values)
    assert response.status_code == 422
    assert said in response.content.decode()
    asked.refresh_from_db()
    assert asked.state == "submitted"


def test_who_comes_second_reads_who_was_first_and_keeps_what_they_typed(desk: SimpleNamespace) -> None:
    asked, petra = ask(), factories.person("Petra", "maintainer")
    approve_request(access_request=asked, version=asked.version, by=petra)
    response = decide(desk, asked, decision="rejected", note="My long and careful words")
    page = response.content.decode()
    assert response.status_code == 409
    assert "Petra approved this access request on" in page
    assert "My long and careful words" in page
    assert 'name="decision"' not in page
    assert Grant.objects.filter(source="request").count() == 1


def test_a_change_meanwhile_is_said_and_the_same_form_then_works(desk: SimpleNamespace) -> None:
    asked, petra = ask(), factories.person("Petra", "maintainer")
    claimed = claim_request(access_request=asked, by=petra)
    response = decide(desk, asked, decision="approved", note="Words")
    page = response.content.decode()
    assert response.status_code == 409
    assert "Petra claimed this access request" in page
    assert "Words" in page
    assert f'name="version" value="{claimed.version}"' in page
    assert decide(desk, claimed, decision="approved").status_code == 302


def test_whoever_came_second_reads_that_the_first_approved(desk: SimpleNamespace) -> None:
    asked, petra = ask(), factories.person("Petra", "maintainer")
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    approve_request(access_request=asked, version=asked.version, by=petra)
    response = decide(desk, asked, decision="rejected", note="Words")
    assert response.status_code == 409
    assert "Petra gave the first approval on" in response.content.decode()
    asked.refresh_from_db()
    with pytest.raises(Conflict) as told:
        submit_request(access_request=asked, by=asked.applicant)
    assert "approval" not in str(told.value)


def test_claim_release_and_remark(desk: SimpleNamespace) -> None:
    asked = ask()
    desk.client.post(address(asked, "claim"))
    asked.refresh_from_db()
    assert (asked.state, asked.claimed_by) == ("in_review", desk.maintainer)
    again = desk.client.post(address(asked, "claim"), follow=True)
    assert "Mika claimed this access request" in again.content.decode()
    desk.client.post(address(asked, "release"))
    desk.client.post(address(asked, "remark"), {"text": "Thank you", "to": "reviewers"})
    message = RequestMessage.objects.get()
    assert (message.text, message.internal) == ("Thank you", True)
    assert desk.client.post(address(asked, "remark"), {"text": "", "to": "reviewers"}).status_code == 422


def test_reading_changes_nothing(desk: SimpleNamespace) -> None:
    asked = ask()
    for view in ("decide", "claim", "release", "remark"):
        assert desk.client.get(address(asked, view)).status_code == 405
    text(desk.client, address(asked) + "?decision=approved")
    version = asked.version
    asked.refresh_from_db()
    assert asked.version == version


def test_what_applicants_write_is_escaped_and_only_web_addresses_are_links(desk: SimpleNamespace) -> None:
    asked = ask("<script>alert(1)</script>")
    AccessRequest.objects.filter(pk=asked.pk).update(
        purpose="<img src=x onerror=alert(1)>", links="javascript:alert(1) https://good.example"
    )
    page = text(desk.client, address(asked))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript' not in page
    assert 'href="https://good.example"' in page
