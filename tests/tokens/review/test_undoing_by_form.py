"""The undo bar, reopening, and the second of two approvals, as pages."""

from types import SimpleNamespace

import pytest
from django.core import mail

from tests import factories
from tiers.models import Grant
from tokens import review_terms
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest, Decision, ReviewTerms

from .conftest import ask, signed_in
from .test_deciding_by_form import decide
from .test_review_pages import address, text

pytestmark = pytest.mark.usefixtures("unhurried")


def live() -> int:
    return Grant.objects.filter(source="request", revoked_at=None).count()


def undo(desk: SimpleNamespace, access_request: AccessRequest):  # type: ignore[no-untyped-def]
    decision = Decision.objects.latest("id")
    return desk.client.post(address(access_request, "undo"), {"decision": decision.public_id}, follow=True)


def test_the_page_after_a_decision_offers_to_undo_it(desk: SimpleNamespace) -> None:
    first, second = ask("First"), ask("Second")
    decide(desk, first, decision="approved")
    page = text(desk.client, address(second))
    assert address(first, "undo") in page
    assert "First</bdi> approved." in page
    other = signed_in(factories.person("Petra", "maintainer"))
    assert address(first, "undo") not in text(other, address(second))
    done = undo(desk, first).content.decode()
    assert "The decision on First is undone" in done
    assert address(first, "undo") not in done
    first.refresh_from_db()
    assert (first.state, live(), mail.outbox) == ("submitted", 0, [])


@pytest.mark.django_db(transaction=True)  # Gateways are told once it is committed.
@pytest.mark.parametrize(
    ("approvals", "decision", "told"), [(1, "approved", True), (2, "approved", False), (1, "rejected", False)]
)
def test_only_what_had_been_given_is_said_to_be_effective(
    desk: SimpleNamespace, approvals: int, decision: str, told: bool
) -> None:
    asked = ask()
    ReviewTerms.objects.create(tier=asked.tier, approvals=approvals)
    decide(desk, asked, decision=decision, note="Some words")
    assert ("Effective at gateways" in undo(desk, asked).content.decode()) == told


def test_too_late_is_said_in_words(desk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ask()
    decide(desk, asked, decision="approved")
    monkeypatch.setattr(review_terms, "UNDO_FOR", -review_terms.UNDO_FOR)
    assert "It can still be reopened, with a reason" in undo(desk, asked).content.decode()
    assert live() == 1


def test_a_decision_of_another_request_is_not_undone_here(desk: SimpleNamespace) -> None:
    first, second = ask("First"), ask("Second")
    decide(desk, first, decision="approved")
    assert "There is no such decision to undo." in undo(desk, second).content.decode()
    assert live() == 1


def test_reopening_says_what_it_takes_back_and_needs_a_reason(desk: SimpleNamespace) -> None:
    asked = ask()
    decide(desk, asked, decision="approved")
    assert address(asked, "reopen") in text(desk.client, address(asked))
    assert "taken back at once" in text(desk.client, address(asked, "reopen"))
    refused = desk.client.post(address(asked, "reopen"), {"reason": " "})
    assert (refused.status_code, live()) == (422, 1)
    done = desk.client.post(address(asked, "reopen"), {"reason": "The site is another now"}, follow=True)
    assert "is reopened. The applicant is told why." in done.content.decode()
    asked.refresh_from_db()
    assert (asked.state, asked.claimed_by, live()) == ("in_review", desk.maintainer, 0)
    again = desk.client.post(address(asked, "reopen"), {"reason": "The site is another now"})
    assert again.status_code == 409
    assert "Mika claimed this access request" in again.content.decode()


def test_the_form_says_one_of_two_and_who_was_the_first(desk: SimpleNamespace) -> None:
    asked, petra = ask(), factories.person("Petra", "maintainer")
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    assert "0 of 2" in text(desk.client, address(asked))
    approve_request(access_request=asked, version=asked.version, note="Sound", by=petra)
    page = text(desk.client, address(asked))
    assert "1 of 2" in page
    assert "<bdi>Petra</bdi> gave the first approval" in page
    assert "You gave the first approval" in text(signed_in(petra), address(asked))
    asked.refresh_from_db()
    own = signed_in(petra).post(
        address(asked, "decide"), {"version": asked.version, "decision": "approved", "tier": "flower", "until": "first"}
    )
    assert own.status_code == 409
    refused = own.content.decode()
    assert "Somebody else has to give the second" in refused
    assert refused.count("You gave the first approval") == 1
    assert decide(desk, asked, decision="approved", until="first", note="Sound").status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, live()) == ("approved", desk.maintainer, 1)
    assert "First approval" in text(desk.client, address(asked))


def test_a_hostile_name_stays_text_in_the_bar(desk: SimpleNamespace) -> None:
    decide(desk, ask("<script>alert(1)</script>"), decision="approved")
    page = text(desk.client, "/review/")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</bdi> approved" in page
