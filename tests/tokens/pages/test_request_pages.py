"""Asking for more: from a link that fills in the form, to the answer."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from tests import factories
from tests.tokens.pages.conftest import PURPOSE, ask
from tiers.models import AIModel, Grant
from tokens.actions.handling import claim_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.models import AccessRequest, RequestState

NEW = "/requests/new/"


@pytest.fixture
def other(world: SimpleNamespace) -> SimpleNamespace:
    """An application that has asked for nothing yet."""
    world.other = factories.application(world.noor, "Other")
    return world


def written(world: SimpleNamespace, **values: Any) -> dict[str, Any]:
    given = {"application": world.other.public_id, "subject": "tier:flower", "purpose": PURPOSE}
    return {**given, "users": "900 pupils", "expected_volume": "12000", **values}


def at(asked: AccessRequest, what: str = "detail") -> str:
    return reverse(f"requests:{what}", args=[asked.public_id])


def test_a_link_of_a_refusal_fills_in_tier_and_application(other: SimpleNamespace) -> None:
    answer = other.client.get(NEW, {"tier": "nectar", "application": other.other.public_id})
    form = answer.context["form"]
    assert form["subject"].value() == "tier:nectar"
    assert form["application"].value() == other.other.public_id
    assert "What nectar opens" in answer.content.decode()


def test_a_link_of_a_refusal_fills_in_a_gated_model(other: SimpleNamespace) -> None:
    gated = AIModel.objects.filter(gated=True, retired_at=None).first()
    assert gated is not None
    form = other.client.get(NEW, {"model": gated.name}).context["form"]
    assert form["subject"].value() == f"model:{gated.name}"


@pytest.mark.parametrize("query", ["tier=nothing", "model=nothing", "application=zzzzzzzzzzzz", "model=<b>"])
def test_a_link_with_nonsense_opens_an_empty_form(other: SimpleNamespace, query: str) -> None:
    assert other.client.get(f"{NEW}?{query}").status_code == 200


def test_it_is_sent_and_followed(other: SimpleNamespace) -> None:
    answer = other.client.post(NEW, written(other, send="1"), follow=True)
    asked = AccessRequest.objects.get(application=other.other)
    assert answer.redirect_chain[-1][0] == at(asked)
    assert (asked.state, asked.purpose, asked.users, asked.expected_volume) == (
        RequestState.SUBMITTED,
        PURPOSE,
        "900 pupils",
        12_000,
    )
    assert "2 of 2" in answer.content.decode()


def test_a_draft_is_kept_and_sent_later(other: SimpleNamespace) -> None:
    saved = other.client.post(NEW, written(other, purpose="", save="1"))
    asked = AccessRequest.objects.get(application=other.other)
    assert (saved["Location"], asked.state) == (at(asked, "edit"), RequestState.DRAFT)
    other.client.post(at(asked, "edit"), written(other, send="1"))
    asked.refresh_from_db()
    assert asked.state == RequestState.SUBMITTED


def test_what_is_missing_to_send_it_is_said_and_nothing_typed_is_lost(other: SimpleNamespace) -> None:
    answer = other.client.post(NEW, written(other, purpose="Too short", send="1"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in page
    assert all(text in page for text in ("Too short", "900 pupils", "12000"))
    assert AccessRequest.objects.get(application=other.other).state == RequestState.DRAFT


@pytest.mark.parametrize(
    ("field", "wrong"), [("expected_volume", "many"), ("subject", ""), ("subject", "tier:seed"), ("application", "x")]
)
def test_a_refused_form_keeps_what_was_typed(other: SimpleNamespace, field: str, wrong: str) -> None:
    answer = other.client.post(NEW, written(other, send="1", **{field: wrong}))
    assert answer.status_code == 422
    assert PURPOSE in answer.content.decode()
    assert not AccessRequest.objects.filter(application=other.other).exists()


def test_a_second_request_for_the_same_is_refused_beside_what_was_typed(world: SimpleNamespace) -> None:
    world.other = world.application
    answer = world.client.post(NEW, written(world, purpose="Another purpose of the same length", send="1"))
    assert answer.status_code == 409
    assert "Another purpose of the same length" in answer.content.decode()


def test_a_draft_saves_itself_while_it_is_written(other: SimpleNamespace) -> None:
    asked = ask(other.other, by=other.noor, sent=False)
    values = written(other, purpose="A better purpose, with more in it")
    answer = other.client.post(at(asked, "edit"), values, headers={"X-Autosave": "1"})
    asked.refresh_from_db()
    assert (answer.status_code, answer.content, asked.purpose) == (204, b"", "A better purpose, with more in it")
    assert asked.state == RequestState.DRAFT


def test_the_first_words_of_a_new_one_are_saved_too(other: SimpleNamespace) -> None:
    answer = other.client.post(NEW, written(other, purpose="A"), headers={"X-Autosave": "1"})
    asked = AccessRequest.objects.get(application=other.other)
    assert (answer.status_code, answer["X-Draft"]) == (204, at(asked, "edit"))


def test_a_form_sent_after_it_saved_itself_goes_on_with_that_draft(other: SimpleNamespace) -> None:
    other.client.post(NEW, written(other), headers={"X-Autosave": "1"})
    other.client.post(NEW, written(other, send="1"))
    assert AccessRequest.objects.get(application=other.other).state == RequestState.SUBMITTED


def test_an_answer_is_part_of_the_conversation(world: SimpleNamespace) -> None:
    world.client.post(at(world.asked, "message"), {"text": "Only our server sees it"})
    assert "Only our server sees it" in world.client.get(at(world.asked)).content.decode()
    assert world.client.post(at(world.asked, "message"), {"text": " "}).status_code == 422


def test_who_has_it_and_where_it_stands_is_said(world: SimpleNamespace) -> None:
    claim_request(access_request=world.asked, by=factories.maintainer())
    page = world.client.get(at(world.asked)).content.decode()
    assert "1 of 1" in page
    assert "Mika" in page


def test_what_was_asked_is_answered_by_sending_again(world: SimpleNamespace) -> None:
    ask_for_changes(
        access_request=world.asked, version=world.asked.version, text="For whom?", by=factories.maintainer()
    )
    world.other = world.application
    assert "For whom?" in world.client.get(at(world.asked)).content.decode()
    world.client.post(at(world.asked, "edit"), written(world, users="900 pupils of two schools", send="1"))
    world.asked.refresh_from_db()
    assert (world.asked.state, world.asked.users) == (RequestState.IN_REVIEW, "900 pupils of two schools")


def test_what_was_granted_is_shown(world: SimpleNamespace) -> None:
    approve_request(access_request=world.asked, version=world.asked.version, note="Welcome", by=factories.maintainer())
    page = world.client.get(at(world.asked)).content.decode()
    assert Grant.objects.filter(source="request", source_id=world.asked.public_id).count() == 1
    assert all(text in page for text in ("What was granted", "Welcome", "300"))


def test_a_rejection_says_why_and_when_one_may_ask_again(world: SimpleNamespace) -> None:
    reject_request(
        access_request=world.asked, version=world.asked.version, reason="Too soon", by=factories.maintainer()
    )
    page = world.client.get(at(world.asked)).content.decode()
    assert "Too soon" in page
    assert "You can ask again from" in page
    assert "Ask again<" not in page
    # Nobody had claimed it.
    assert "<b>Claimed</b>" not in page
    assert world.client.get(at(world.asked, "edit"))["Location"] == at(world.asked)


def test_it_is_withdrawn_after_a_page_that_says_what_happens(world: SimpleNamespace) -> None:
    world.client.get(at(world.asked, "withdraw"))
    world.asked.refresh_from_db()
    assert world.asked.state == RequestState.SUBMITTED
    world.client.post(at(world.asked, "withdraw"))
    world.asked.refresh_from_db()
    assert world.asked.state == RequestState.WITHDRAWN
