"""What one of two approved: nobody is led back to their own approval, nor sends its words with another decision."""

from types import SimpleNamespace

import pytest

from accounts.models import PlatformRole
from tests import factories
from tiers.models import Tier
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest, ReviewTerms

from .conftest import ask, signed_in
from .test_deciding_by_form import decide
from .test_review_pages import address, text


@pytest.fixture
def half(desk: SimpleNamespace) -> AccessRequest:
    asked = ask("Half approved")
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    return approve_request(access_request=asked, version=asked.version, note="Welcome aboard", by=desk.maintainer)


def second() -> SimpleNamespace:
    person = factories.person("Petra", PlatformRole.MAINTAINER)
    return SimpleNamespace(maintainer=person, client=signed_in(person))


def test_whoever_gave_the_first_is_led_past_it(desk: SimpleNamespace, half: AccessRequest) -> None:
    asked, last = ask("Asked"), ask("Last")
    response = decide(desk, last, decision="rejected", note="Not for now")
    assert response["Location"].startswith(address(asked))
    response = decide(desk, asked, decision="rejected", note="Not for now")
    assert response["Location"] == "/review/?tab=pending"


def test_whoever_gave_the_first_cannot_choose_to_approve_again(desk: SimpleNamespace, half: AccessRequest) -> None:
    barred = 'data-key="a" disabled aria-describedby="problem gave-first" required'
    other = second().client
    for query in ("", "?decision=approved"):
        shown = text(desk.client, address(half) + query)
        assert barred in shown
        assert '<div id="gave-first">' in shown
        assert 'data-choose="approved"' not in shown
        assert 'name="until"' not in shown
        assert " checked required" not in shown
        assert barred not in text(other, address(half) + query)
    stale = decide(desk, half, decision="approved", until="first", note="My words")
    shown = stale.content.decode()
    assert stale.status_code == 409
    assert barred in shown
    assert "My words" in shown
    assert decide(desk, half, decision="rejected", note="Not so fast").status_code == 302


def test_everybody_else_is_led_to_it(desk: SimpleNamespace, half: AccessRequest) -> None:
    asked = ask("Asked")
    assert half.claimed_by == desk.maintainer
    response = decide(second(), asked, decision="rejected", note="Not for now")
    assert response["Location"].startswith(address(half))


def test_its_words_are_offered_and_not_put_in(desk: SimpleNamespace, half: AccessRequest) -> None:
    shown = text(second().client, address(half))
    note = shown[shown.index('<textarea name="note"') :]
    assert note[: note.index("</textarea>")].endswith(">")
    assert 'data-insert="Welcome aboard"' in shown
    assert 'data-insert="Welcome aboard"' not in text(desk.client, address(half))


def test_a_rejection_needs_words_of_its_own(desk: SimpleNamespace, half: AccessRequest) -> None:
    response = decide(second(), half, decision="rejected", until="first")
    assert response.status_code == 422
    half.refresh_from_db()
    assert half.state == "in_review"


def test_what_changes_is_told_of_the_terms_of_the_first(desk: SimpleNamespace) -> None:
    """From which the second starts, by itself and among many."""
    asked = ask("Half of it", tier="nectar")
    ReviewTerms.objects.create(tier=asked.tier, approvals=2)
    flower = Tier.objects.get(slug="flower")
    half = approve_request(access_request=asked, version=asked.version, tier=flower, by=desk.maintainer)
    other = second()
    for page in (text(other.client, address(half)), text(other.client, f"/review/bulk/?id={half.public_id}")):
        assert f"<ins>{flower.requests_per_minute}</ins>" in page
        assert "<ins>1,200</ins>" not in page
    assert "What changes if you approve like this" in text(other.client, address(half))
