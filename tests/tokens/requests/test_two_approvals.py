"""Where a tier needs two approvals: two people, the same terms, and nothing in between."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from accounts import clock
from accounts.audit import Task
from accounts.errors import Conflict
from tiers.models import Grant
from tokens.actions.handling import claim_request, release_request
from tokens.actions.requests import save_draft, submit_request, withdraw_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.actions.undoing import reopen_request, undo_decision
from tokens.models import AccessRequest, Decision, ReviewTerms, Rule, RuleVersion
from tokens.selectors.decisions import endorsement, latest
from tokens.selectors.review_timeline import timeline

from .conftest import COMPLETE

pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture
def high(submitted: AccessRequest) -> AccessRequest:
    """An access request for a tier that needs two approvals."""
    ReviewTerms.objects.create(tier=submitted.tier, approvals=2)
    return submitted


def approve(access_request: AccessRequest, by: object, **values: object) -> AccessRequest:
    access_request.refresh_from_db()
    return approve_request(access_request=access_request, version=access_request.version, by=by, **values)  # type: ignore[arg-type]


def test_the_first_gives_nothing_yet_and_the_second_all(high: AccessRequest, people: SimpleNamespace) -> None:
    first = approve(high, people.maintainer, note="Looks sound")
    assert (first.state, first.claimed_by, first.decided_at) == ("in_review", people.maintainer, None)
    assert not Grant.objects.exists()
    found = endorsement(first)
    assert found is not None
    assert (found.by, found.mail_at) == (people.maintainer, None)
    approved = approve(high, people.second)
    assert (approved.state, approved.decided_by) == ("approved", people.second)
    assert Grant.objects.count() == 1
    assert Decision.objects.get(outcome="approved").endorsement == found
    assert endorsement(approved) is None


def test_the_applicant_does_not_see_the_first(high: AccessRequest, people: SimpleNamespace) -> None:
    approve(high, people.maintainer, note="Between us")
    told = timeline(high, people.applicant, internal=False)
    assert "Between us" not in [entry.text for entry in told]
    assert "Between us" in [entry.text for entry in timeline(high, people.second, internal=True)]


def test_the_first_does_not_give_the_second(high: AccessRequest, people: SimpleNamespace) -> None:
    approve(high, people.maintainer)
    with pytest.raises(Conflict, match="Somebody else has to give the second"):
        approve(high, people.maintainer)
    assert not Grant.objects.exists()


def test_the_database_keeps_it_too(high: AccessRequest, people: SimpleNamespace) -> None:
    approve(high, people.maintainer)
    first = Decision.objects.get()
    values = {"access_request": high, "outcome": "approved", "endorsement": first, "version": 9}
    with pytest.raises(IntegrityError, match="by somebody else"), transaction.atomic():
        Decision.objects.create(**values, by=people.maintainer)
    Decision.objects.create(**values, by=people.second)


def test_other_terms_are_a_first_approval_of_their_own(
    high: AccessRequest, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    approve(high, people.maintainer)
    again = approve(high, people.second, tier=ladder.seed)
    assert again.state == "in_review"
    found = endorsement(again)
    assert found is not None
    assert (found.by, found.tier) == (people.second, ladder.seed)
    assert Decision.objects.filter(lapsed_at=None).count() == 1
    approved = approve(high, people.maintainer, tier=ladder.seed)
    assert (approved.state, approved.granted_tier) == ("approved", ladder.seed)


@pytest.mark.parametrize("way", ["ask", "reject", "withdraw"])
def test_what_happens_in_between_ends_the_first(way: str, high: AccessRequest, people: SimpleNamespace) -> None:
    first = approve(high, people.maintainer)
    seen = {"access_request": first, "version": first.version, "by": people.second}
    match way:
        case "ask":
            asked = ask_for_changes(**seen, text="Who runs it?")
            back = submit_request(access_request=asked, by=people.applicant)
        case "reject":
            back = reopen_request(
                access_request=reject_request(**seen, reason="No"), reason="New facts", by=people.maintainer
            )
        case _:
            back = withdraw_request(access_request=first, by=people.applicant)
    assert endorsement(back) is None
    if way != "withdraw":
        assert approve(high, people.second).state == "in_review"
    assert not Grant.objects.exists()


def test_who_releases_it_leaves_the_first_approval(high: AccessRequest, people: SimpleNamespace) -> None:
    first = approve(high, people.maintainer)
    released = release_request(access_request=first, by=people.maintainer)
    assert endorsement(released) is not None
    claim_request(access_request=released, by=people.second)
    assert approve(high, people.second).state == "approved"


def test_undoing_a_rejection_brings_the_first_back(high: AccessRequest, people: SimpleNamespace) -> None:
    first = approve(high, people.maintainer)
    reject_request(access_request=first, version=first.version, reason="No", by=people.second)
    undone = undo_decision(decision=Decision.objects.latest("id"), by=people.second)
    assert endorsement(undone) is not None
    assert approve(high, people.second).state == "approved"


@pytest.mark.parametrize("last", [False, True])
def test_each_of_the_two_can_be_undone(last: bool, high: AccessRequest, people: SimpleNamespace) -> None:
    approve(high, people.maintainer)
    if last:
        approve(high, people.second)
    undone = undo_decision(decision=Decision.objects.latest("id"), by=people.second if last else people.maintainer)
    assert undone.state == ("in_review" if last else "submitted")
    assert (endorsement(undone) is not None) == last
    assert (latest(undone) is not None) == last
    assert not Grant.objects.filter(revoked_at=None).exists()


def test_no_rule_gives_what_needs_two(high: AccessRequest, people: SimpleNamespace) -> None:
    rule = Rule.objects.create(name="All", effect="approve", created_by=people.administrator)
    version = RuleVersion.objects.create(rule=rule, number=1, created_by=people.administrator)
    with pytest.raises(Conflict, match="no rule gives it"):
        approve(high, Task("tokens.rules"), rule=version)


def test_the_end_is_a_term_too(
    high: AccessRequest, people: SimpleNamespace, in_state: Callable[[str], AccessRequest]
) -> None:
    until = clock.now() + timedelta(days=90)
    approve(high, people.maintainer, until=until)
    assert approve(high, people.second).state == "in_review"
    assert approve(high, people.administrator).state == "approved"


def test_what_a_model_may_be_used_for_is_a_term_too(
    high: AccessRequest, people: SimpleNamespace, ladder: SimpleNamespace
) -> None:
    ReviewTerms.objects.create(tier=None, approvals=2)
    draft = save_draft(application=high.application, model=ladder.gated, by=people.applicant, **COMPLETE)
    asked = submit_request(access_request=draft, by=people.applicant)
    approve(asked, people.maintainer, permissions=["generate"])
    assert approve(asked, people.second).state == "in_review"
    assert approve(asked, people.maintainer).state == "approved"
    assert Grant.objects.get().permissions == ["generate", "download"]


def test_less_of_a_model_than_was_asked(high: AccessRequest, people: SimpleNamespace, ladder: SimpleNamespace) -> None:
    draft = save_draft(application=high.application, model=ladder.gated, by=people.applicant, **COMPLETE)
    asked = submit_request(access_request=draft, by=people.applicant)
    approve(asked, people.maintainer, permissions=["generate"])
    assert Grant.objects.get().permissions == Decision.objects.get().permissions == ["generate"]
