"""Rotating, restricting and revoking by form."""

from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.urls import reverse

from tests import factories
from tokens.models import TokenSecret


def at(world: SimpleNamespace, what: str) -> str:
    return reverse(f"tokens:{what}", args=[world.token.public_id])


def rotate(world: SimpleNamespace, overlap: str = "24h") -> HttpResponse:
    seen = TokenSecret.objects.get(token=world.token, ends_at=None).last4
    answer: HttpResponse = world.client.post(at(world, "rotate"), {"overlap": overlap, "seen": seen})
    return answer


def test_a_rotation_shows_the_new_secret_once(world: SimpleNamespace) -> None:
    answer = rotate(world)
    text = answer.context["text"]  # type: ignore[attr-defined]
    assert answer.status_code == 200
    assert text != world.text
    assert answer.content.decode().count(text) == 1
    assert "no-store" in answer["Cache-Control"]
    detail = world.client.get(at(world, "detail")).content.decode()
    assert text not in detail
    assert f"…{text[-4:]}" in detail
    assert f"…{world.text[-4:]}" in detail


@pytest.mark.parametrize("overlap", ["0", "1h", "7d"])
def test_the_old_secret_works_for_as_long_as_was_chosen(world: SimpleNamespace, overlap: str) -> None:
    hours = {"0": 0, "1h": 1, "7d": 168}[overlap]
    rotate(world, overlap)
    old = TokenSecret.objects.get(token=world.token, last4=world.text[-4:])
    new = TokenSecret.objects.get(token=world.token, ends_at=None)
    assert old.ends_at is not None
    assert round((old.ends_at - new.created_at).total_seconds() / 3600) == hours


def test_a_rotation_sent_twice_rotates_once(world: SimpleNamespace) -> None:
    values = {"overlap": "0", "seen": world.text[-4:]}
    first = world.client.post(at(world, "rotate"), values)
    second = world.client.post(at(world, "rotate"), values)
    assert (first.status_code, second.status_code) == (200, 409)
    assert TokenSecret.objects.filter(token=world.token).count() == 2


def test_an_overlap_that_is_not_offered_is_refused(world: SimpleNamespace) -> None:
    assert rotate(world, "365d").status_code == 422
    assert TokenSecret.objects.filter(token=world.token).count() == 1


def test_a_look_at_the_form_changes_nothing(world: SimpleNamespace) -> None:
    for what in ("rotate", "revoke", "edit"):
        assert world.client.get(at(world, what)).status_code == 200
    world.token.refresh_from_db()
    assert world.token.revoked_at is None
    assert TokenSecret.objects.filter(token=world.token).count() == 1


def test_revoking_needs_a_reason_and_keeps_what_was_ticked(world: SimpleNamespace) -> None:
    answer = world.client.post(at(world, "revoke"), {"reason": "", "leaked": "on"})
    assert answer.status_code == 422
    assert "checked" in answer.content.decode()
    world.token.refresh_from_db()
    assert world.token.revoked_at is None


def test_a_revoked_token_says_when_and_why_and_offers_nothing(world: SimpleNamespace) -> None:
    world.client.post(at(world, "revoke"), {"reason": "Found in a public repository", "leaked": "on"})
    page = world.client.get(at(world, "detail")).content.decode()
    assert "Found in a public repository" in page
    assert at(world, "rotate") not in page
    assert world.client.post(at(world, "revoke"), {"reason": "Again"}).status_code == 409


def test_a_revoked_token_moves_to_the_ended_ones(world: SimpleNamespace) -> None:
    assert at(world, "detail") in world.client.get("/tokens/").content.decode()
    world.client.post(at(world, "revoke"), {"reason": "Old"})
    assert at(world, "detail") not in world.client.get("/tokens/").content.decode()
    assert at(world, "detail") in world.client.get("/tokens/?tab=ended").content.decode()


def test_restrictions_are_changed_and_cleared(world: SimpleNamespace) -> None:
    world.client.post(at(world, "edit"), {"name": "nightly", "models": "gpt-4o-mini"})
    world.token.refresh_from_db()
    assert (world.token.name, world.token.allowed_models) == ("nightly", ["gpt-4o-mini"])
    world.client.post(at(world, "edit"), {"name": "nightly", "models": ""})
    world.token.refresh_from_db()
    assert world.token.allowed_models == []


def test_a_refused_restriction_keeps_what_was_typed(world: SimpleNamespace) -> None:
    answer = world.client.post(at(world, "edit"), {"name": "nightly", "models": "gpt-9000", "addresses": "10.0.0.1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert all(text in page for text in ("nightly", "gpt-9000", "10.0.0.1"))


@pytest.mark.parametrize("find", ["produ", "Lantern", "last4"])
def test_tokens_are_found_by_name_application_and_last_four(world: SimpleNamespace, find: str) -> None:
    factories.token(factories.application(world.noor, "Other"), name="nothing like it")
    text = world.text[-4:] if find == "last4" else find
    page = world.client.get("/tokens/", {"find": text}).content.decode()
    assert "production" in page
    assert "nothing like it" not in page


def test_the_pages_of_a_long_list_hold_each_token_once(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokens.selectors.tokens.PAGE_SIZE", 2)
    for number in range(4):
        factories.token(world.application, name=f"worker {number}")
    names, path = [], "?tab=live"
    while path:
        page = world.client.get(f"/tokens/{path}").context["page"]
        names += [token.name for token in page.rows]
        path = f"?after={page.after}" if page.after else ""
    assert names == ["worker 3", "worker 2", "worker 1", "worker 0", "production"]
