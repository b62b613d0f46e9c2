"""A view of the queue is renamed, and given other filters, by whoever made it."""

from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.errors import Invalid
from accounts.models import AuditEvent, PlatformRole
from tests import factories
from tokens.actions.saved_views import LONGEST, change_filters, save_view
from tokens.models.desk import SavedView

from .conftest import signed_in

NOW = "tab=pending&tier=nectar"
THERE = "/review/views/"


@pytest.fixture
def kept(desk: SimpleNamespace) -> SavedView:
    return save_view(name="Mine", query="tab=pending&tier=flower", shared=True, by=desk.maintainer)


def page(client: Client, query: str = "") -> str:
    return client.get(THERE, query_params=dict(part.split("=") for part in query.split("&") if part)).content.decode()


def test_the_filters_of_now_take_the_place_of_its_own(desk: SimpleNamespace, kept: SavedView) -> None:
    address = f"{THERE}{kept.public_id}/filters/?{NOW}"
    assert address.replace("&", "&amp;") in page(desk.client, NOW)
    answer = desk.client.post(address, follow=True)
    assert answer.redirect_chain == [(f"/review/?{NOW}", 302)]
    assert "“Mine” now has these filters." in answer.content.decode()
    kept.refresh_from_db()
    assert (kept.name, kept.query, kept.shared) == ("Mine", NOW, True)
    told = AuditEvent.objects.get(action="saved_view.edited")
    assert (told.before["query"], told.after["query"]) == ("tab=pending&tier=flower", NOW)


@pytest.mark.parametrize("query", ["", "tab=pending&tier=flower"])
def test_nothing_is_offered_where_there_are_no_others(desk: SimpleNamespace, kept: SavedView, query: str) -> None:
    assert "Save current filters" not in page(desk.client, query)


def test_only_whoever_made_it_changes_it(desk: SimpleNamespace, kept: SavedView) -> None:
    client = signed_in(factories.person("Petra", PlatformRole.MAINTAINER))
    shown = page(client, NOW)
    assert "Mine" in shown
    assert "Save current filters" not in shown
    assert "Rename" not in shown
    for part in ("", "filters/", "remove/"):
        assert client.post(f"{THERE}{kept.public_id}/{part}?{NOW}", {"name": "Hers"}).status_code == 404
    kept.refresh_from_db()
    assert (kept.name, kept.query) == ("Mine", "tab=pending&tier=flower")


def test_it_is_renamed_without_losing_the_filters_one_came_from(desk: SimpleNamespace, kept: SavedView) -> None:
    address = f"{THERE}{kept.public_id}/?{NOW}"
    assert '<h2 id="view-h">Rename</h2>' in desk.client.get(address).content.decode()
    assert address.replace("&", "&amp;") in page(desk.client, NOW)
    answer = desk.client.post(address, {"name": " Early birds ", "shared": "on"})
    assert answer["Location"] == f"{THERE}?{NOW}"
    kept.refresh_from_db()
    assert (kept.name, kept.query, kept.shared) == ("Early birds", "tab=pending&tier=flower", True)
    assert desk.client.post(f"{THERE}{kept.public_id}/remove/?{NOW}")["Location"] == f"{THERE}?{NOW}"


def test_what_is_too_long_is_refused_and_nothing_lost(desk: SimpleNamespace, kept: SavedView) -> None:
    with pytest.raises(Invalid):
        change_filters(view=kept, query="x" * (LONGEST + 1), by=desk.maintainer)
    answer = desk.client.post(f"{THERE}{kept.public_id}/filters/?tab=pending&find={'花' * 90}", follow=True)
    assert "These filters are too long to be kept." in answer.content.decode()
    kept.refresh_from_db()
    assert kept.query == "tab=pending&tier=flower"
